import type { Allowance } from "./caller.ts";
import type { Ledger } from "./ledger.ts";
import { type Load, startLoad } from "./load.ts";
import { untilReady, verifyAfter } from "./verify.ts";
import type { ResilienceWorld } from "./world.ts";

/** Breaks something while clients are at work, mends it, and verifies everything afterwards. */
export type UnderLoad = (
  allowance: Allowance,
  /** Comes back when all is mended; the service has to be ready again then, by itself. */
  breakAndMend: (load: Load) => Promise<void>,
) => Promise<void>;

export interface UnderLoadOptions {
  readonly seed: number;
  readonly ledger: Ledger;
  readonly maxBytes?: number;
  readonly readyMs?: number;
}

/** Writes that must succeed before something breaks, and again after it is mended. */
const enough = 15;
const patienceMs = 60_000;

/** For one world, which may be broken time after time: what was acknowledged before must outlive whatever comes later. */
export function createUnderLoad(world: ResilienceWorld, options: UnderLoadOptions): UnderLoad {
  const { seed, ledger, maxBytes, readyMs = 60_000 } = options;
  let rounds = 0;

  async function untilMoreAcknowledged(load: Load): Promise<void> {
    const wanted = world.figures.acknowledged + enough;
    const deadline = performance.now() + patienceMs;
    while (world.figures.acknowledged < wanted) {
      if (performance.now() > deadline) throw new Error(`nothing moves: ${load.ledger.complaints.join("\n")}`);
      await Bun.sleep(20);
    }
  }

  return async (allowance, breakAndMend) => {
    rounds += 1;
    ledger.complaints.length = 0;
    const limit = maxBytes === undefined ? {} : { maxBytes };
    const load = startLoad(world, { seed: seed + rounds, ledger, ...limit });
    try {
      await untilMoreAcknowledged(load);
      const settled = load.disturb(allowance);
      await breakAndMend(load);
      await untilReady(world, readyMs);
      settled();
      await untilMoreAcknowledged(load);
    } finally {
      await load.stop();
    }
    await verifyAfter(world, load);
  };
}
