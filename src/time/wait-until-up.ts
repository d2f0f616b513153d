import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { pause } from "./deadline.ts";

export interface WaitOptions {
  readonly log: Log;
  /** Logged before every pause, such as `database.waiting`. */
  readonly event: string;
  /** Whether an error cannot go away by itself. */
  readonly isLasting: (error: unknown) => boolean;
  /** How long to keep trying. */
  readonly patienceMs: number;
  /** Ends the waiting; then the last error is thrown. */
  readonly signal?: AbortSignal | undefined;
  readonly pauseMs?: number;
}

/** Repeats an attempt at start, since containers start in any order. Throws the last error when the time is over. */
export async function waitUntilUp<T>(attempt: () => Promise<T>, options: WaitOptions): Promise<T> {
  const { log, event, isLasting, patienceMs, signal, pauseMs = 2_000 } = options;
  const start = performance.now();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const waitedMs = performance.now() - start;
      if (isLasting(error) || signal?.aborted || waitedMs + pauseMs > patienceMs) throw error;
      const reason = reasonOf(error);
      log.warn(event, { reason, waitedSeconds: Math.round(waitedMs / 1000) });
      await pause(pauseMs, signal);
    }
  }
}
