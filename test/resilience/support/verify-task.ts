import type { Caller } from "./caller.ts";
import { sha256Of } from "./content.ts";
import type { Ledger } from "./ledger.ts";
import type { StorageView } from "./storage-view.ts";
import type { ResilienceWorld } from "./world.ts";

/** What the parts of a verification share. */
export interface Task {
  readonly world: ResilienceWorld;
  readonly ledger: Ledger;
  readonly caller: Caller;
  readonly view: StorageView;
  /** Added to. */
  readonly problems: string[];
  readonly isKilled: boolean;
  /** How long what goes on in the background may take. */
  readonly settleMs: number;
}

/** Holds bytes that were read against those that were sent. */
export function compareBytes({ world, problems }: Task, what: string, bytes: Uint8Array, sha256: string): void {
  world.figures.bytesVerified += bytes.byteLength;
  if (sha256Of(bytes) === sha256) return;
  world.figures.losses += 1;
  problems.push(`${what}: ${bytes.byteLength} bytes, and they are not those that were sent`);
}
