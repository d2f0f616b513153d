import type { Answer, Claim, Fingerprint } from "./idempotency-store.ts";

export interface IdempotencyRow {
  readonly status: number | null;
  readonly body: string | null;
  readonly fingerprint: string | null;
}

/** What is to be said of a key that somebody else has, or had. */
export function claimOf({ status, body, fingerprint }: IdempotencyRow): Claim {
  if (status === null) return { kind: "running" };
  const facts: Fingerprint = JSON.parse(fingerprint ?? "{}");
  return { kind: "finished", answer: { status, body }, fingerprint: facts };
}

export function finishedRow({ status, body }: Answer, fingerprint: Fingerprint): IdempotencyRow {
  return { status, body, fingerprint: JSON.stringify(fingerprint) };
}
