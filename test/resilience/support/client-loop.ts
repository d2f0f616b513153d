import type { Caller, Reply } from "./caller.ts";
import { contentOf, drawSize, sha256Of } from "./content.ts";
import type { Actor, Attempt, Ledger } from "./ledger.ts";
import type { ResilienceWorld } from "./world.ts";

/** One client of the load. */
export interface Player {
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

export type Action = readonly [weight: number, act: (player: Player) => Promise<unknown>];

type Kind = Attempt["kind"];

/** Makes a new file and enters it into the ledger, to be sent next. */
export function newAttempt(player: Player, kind: Kind, more: Partial<Attempt> = {}) {
  const { actor, random, maxBytes, ledger } = player;
  player.count += 1;
  const seed = Math.floor(random() * 2 ** 31);
  const size = drawSize(random, maxBytes);
  const content = contentOf(seed, size);
  const { clientId, projectId } = actor;
  const name = `${kind}-${player.label}-${player.count}.bin`;
  const sha256 = sha256Of(content);
  const attempt: Attempt = { kind, name, seed, size, sha256, clientId, projectId, verdict: "unknown", ...more };
  ledger.attempts.set(name, attempt);
  return { attempt, content };
}

/** Writes down how it ended. */
export function settle(player: Player, attempt: Attempt, { verdict, status }: Reply, id?: string): void {
  attempt.verdict = verdict;
  if (status !== undefined) attempt.status = status;
  if (id !== undefined) attempt.id = id;
  if (verdict === "acknowledged") player.world.figures.acknowledged += 1;
}

/** Any of them; undefined when there is none. */
export function pick<T>(player: Player, among: readonly T[]): T | undefined {
  return among[Math.floor(player.random() * among.length)];
}

/** An acknowledged file of this kind that the client may read. */
export function pickReadable(player: Player, kind: Kind): Attempt | undefined {
  const { clientId, projectId } = player.actor;
  const isReadable = (one: Attempt) => (kind === "local" ? one.projectId === projectId : one.clientId === clientId);
  return pick(player, player.ledger.acknowledged(kind).filter(isReadable));
}

/** Holds bytes that came against those that were sent. */
export function compare(player: Player, what: string, bytes: Uint8Array, sha256: string): void {
  player.world.figures.bytesVerified += bytes.byteLength;
  if (sha256Of(bytes) === sha256) return;
  player.world.figures.losses += 1;
  player.ledger.complaints.push(`${what}: ${bytes.byteLength} bytes came, and they are not those that were sent`);
}
