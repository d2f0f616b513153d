import { eventually } from "../../support/eventually.ts";
import { createAllowances, createCaller } from "./caller.ts";
import type { Load } from "./load.ts";
import { openStorageView } from "./storage-view.ts";
import { verifyHub } from "./verify-hub.ts";
import { removeRest, verifyLocal } from "./verify-local.ts";
import { verifyOnRecord } from "./verify-on-record.ts";
import { verifyProcess } from "./verify-process.ts";
import { verifyStorage } from "./verify-storage.ts";
import type { ResilienceWorld } from "./world.ts";

export interface VerifyOptions {
  /** How long the service may take to be ready again. */
  readonly readyMs?: number;
  /** How long it may take to undo in the background what it could not undo at once, and to let go of what it holds. */
  readonly settleMs?: number;
  /** Whether processes were killed: what an upload had stored by then stays until its grace time is over. */
  readonly isKilled?: boolean;
}

/**
 * To be called after a scenario, with everything mended: stops the load, waits until the service is ready, without
 * restarting it, and holds all it has against the ledger. Throws with everything that is not as it must be.
 */
export async function verifyAfter(world: ResilienceWorld, load: Load, options: VerifyOptions = {}): Promise<void> {
  const problems = await findProblems(world, load, options);
  if (problems.length === 0) return;
  const shown = problems.slice(0, 40).join("\n  ");
  throw new Error(`${problems.length} things are not as promised:\n  ${shown}`);
}

/** What is not as it must be; may be asked again. */
export async function findProblems(world: ResilienceWorld, load: Load, options: VerifyOptions = {}) {
  const { readyMs = 30_000, settleMs = 20_000, isKilled = false } = options;
  await load.stop();
  await untilReady(world, readyMs);
  const problems = [...load.ledger.complaints];
  // Complaints of this look are not those of the load.
  const ledger = { ...load.ledger, complaints: problems };
  const token = (clientId: string) => world.token({ clientId });
  const caller = createCaller({ world, ledger, allowances: createAllowances(), token });
  const view = openStorageView(world);
  const task = { world, ledger, caller, view, problems, isKilled, settleMs };
  try {
    await removeRest(task);
    await verifyLocal(task);
    await verifyHub(task);
    problems.push(...(await verifyStorage(task)), ...(await verifyOnRecord(task)));
  } finally {
    caller.close();
    await view.close();
  }
  return [...problems, ...(await verifyProcess(task)), ...crashesIn(world)];
}

/** Waits until the service says that it is ready. */
export function untilReady(world: ResilienceWorld, limitMs: number): Promise<void> {
  return eventually(async () => {
    const response = await fetch(`${world.url}/readyz`, { keepalive: false, signal: AbortSignal.timeout(5_000) });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`the service is not ready: ${text}`);
  }, limitMs);
}

/** What a service must never log, whatever happens around it. */
const crashes = /"event":"(?:process\.unhandled|http\.crashed)"|"status":500\b|panic|Segmentation fault/;

function crashesIn({ processes }: ResilienceWorld): string[] {
  const lines = processes.flatMap((one) => one.output().split("\n"));
  return lines.filter((line) => crashes.test(line)).map((line) => `logged: ${line.slice(0, 1_000)}`);
}
