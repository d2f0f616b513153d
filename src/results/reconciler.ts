import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";

/** Removes what killed processes and failures have left behind. */
export interface Reconciler {
  /** One round; never throws. */
  run(): Promise<void>;
  /** Runs a round now and every hour. */
  start(): void;
  stop(): void;
}

/** One kind of leftovers. */
export interface Sweep {
  /** For the log. */
  readonly what: string;
  /** Resolves with how many were removed. */
  run(): Promise<number>;
}

const hourMs = 3_600_000;

/** Runs the sweeps one after the other. A failing sweep does not stop the others. */
export function createReconciler(sweeps: readonly Sweep[], log: Log): Reconciler {
  let timer: ReturnType<typeof setInterval> | undefined;

  async function run(): Promise<void> {
    for (const { what, run: sweep } of sweeps) {
      try {
        const removed = await sweep();
        if (removed > 0) log.info("leftovers.swept", { what, removed });
      } catch (error) {
        log.warn("leftovers.sweep.failed", { what, reason: reasonOf(error) });
      }
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
