import type { Answer, Claim, Fingerprint } from "./idempotency-store.ts";

export interface IdempotencyRow {
  readonly status: number | null;
  readonly body: string | null;
  readonly fingerprint: string | null;
}

/** The claim on a key that another request holds or has finished. */
export function claimOf({ status, body, fingerprint }: IdempotencyRow): Claim {
  if (status === null) return { kind: "running" };
  const facts: Fingerprint = JSON.parse(fingerprint ?? "{}");
  return { kind: "finished", answer: { status, body }, fingerprint: facts };
}

export function finishedRow({ status, body }: Answer, fingerprint: Fingerprint): IdempotencyRow {
  return { status, body, fingerprint: JSON.stringify(fingerprint) };
}
