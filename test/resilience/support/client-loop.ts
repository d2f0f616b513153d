import type { Caller, Reply } from "./caller.ts";
import { contentOf, drawSize, sha256Of } from "./content.ts";
import type { Actor, Attempt, Ledger } from "./ledger.ts";
import type { ResilienceWorld } from "./world.ts";

/** One client of the load. */
export interface ClientLoop {
  readonly world: ResilienceWorld;
  readonly ledger: Ledger;
  readonly caller: Caller;
  readonly actor: Actor;
  readonly random: () => number;
  readonly maxBytes: number;
  /** Nobody else has it; in all names this one makes. */
  readonly label: string;
  /** Of the names made. */
  count: number;
}

export type Action = readonly [weight: number, act: (loop: ClientLoop) => Promise<unknown>];

type Kind = Attempt["kind"];

/** Makes a new file and enters it into the ledger, to be sent next. */
export function newAttempt(loop: ClientLoop, kind: Kind, more: Partial<Attempt> = {}) {
  const { actor, random, maxBytes, ledger } = loop;
  loop.count += 1;
  const seed = Math.floor(random() * 2 ** 31);
  const size = drawSize(random, maxBytes);
  const content = contentOf(seed, size);
  const { clientId, projectId } = actor;
  const name = `${kind}-${loop.label}-${loop.count}.bin`;
  const sha256 = sha256Of(content);
  const attempt: Attempt = { kind, name, seed, size, sha256, clientId, projectId, verdict: "unknown", ...more };
  ledger.attempts.set(name, attempt);
  return { attempt, content };
}

/** Writes down how it ended. */
export function settle(loop: ClientLoop, attempt: Attempt, { verdict, status }: Reply, id?: string): void {
  attempt.verdict = verdict;
  if (status !== undefined) attempt.status = status;
  if (id !== undefined) attempt.id = id;
  if (verdict === "acknowledged") loop.world.figures.acknowledged += 1;
}

/** Any of them; undefined when there is none. */
export function pick<T>(loop: ClientLoop, among: readonly T[]): T | undefined {
  return among[Math.floor(loop.random() * among.length)];
}

/** An acknowledged file of this kind that the client may read. */
export function pickReadable(loop: ClientLoop, kind: Kind): Attempt | undefined {
  const { clientId, projectId } = loop.actor;
  const isReadable = (one: Attempt) => (kind === "local" ? one.projectId === projectId : one.clientId === clientId);
  return pick(loop, loop.ledger.acknowledged(kind).filter(isReadable));
}

/** Holds bytes that came against those that were sent. */
export function compare(loop: ClientLoop, what: string, bytes: Uint8Array, sha256: string): void {
  loop.world.figures.bytesVerified += bytes.byteLength;
  if (sha256Of(bytes) === sha256) return;
  loop.world.figures.losses += 1;
  loop.ledger.complaints.push(`${what}: ${bytes.byteLength} bytes came, and they are not those that were sent`);
}
