import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";

export interface Reconciler {
  /** One round; never throws. */
  run(): Promise<void>;
  /** Rounds at start and every hour. */
  start(): void;
  stop(): void;
}

export interface ReconcilerDeps {
  readonly objects: Pick<ObjectStore, "sweepUnfinished">;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const hourMs = 3_600_000;
/** Far longer than any upload that is still alive. */
const graceMs = 24 * hourMs;

/** Removes what uploads that never completed, because the process was killed or the store was away, have left behind. */
export function createReconciler({ objects, log, now }: ReconcilerDeps): Reconciler {
  let timer: ReturnType<typeof setInterval> | undefined;

  async function run(): Promise<void> {
    try {
      const removed = await objects.sweepUnfinished(new Date(now() - graceMs));
      if (removed > 0) log.info("objects.swept", { removed });
    } catch (error) {
      log.warn("objects.sweep.failed", { reason: String(error) });
    }
  }

  return {
    run,
    start() {
      void run();
      timer = setInterval(() => void run(), hourMs);
    },
    stop() {
      clearInterval(timer);
    },
  };
}
