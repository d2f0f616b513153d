import { backoff } from "./backoff.ts";
import { within } from "./deadline.ts";

/** `later`: the outcome is not known yet, so the work stays in the queue. `isLastChance`: the queue is closing. */
export type Work = (isLastChance: boolean) => Promise<"done" | "later">;

/** Repeats work until it succeeds, such as removing the leftovers of a failed request. */
export interface RetryQueue {
  /** Starts the work now. Resolves after the first attempt, or after the time limit. Failed work is tried again. */
  run(key: string, work: Work, limitMs: number): Promise<void>;
  /** Leaves the work to the background. It replaces waiting work with the same key. */
  add(key: string, work: Work): void;
  /** Tries all waiting work once more. Resolves with the keys of the work that is still not done. */
  close(): Promise<readonly string[]>;
}

export interface RetryQueueOptions {
  /** Hears of a failure, and of those after it only once in `longestMs`: in an outage each upload adds work that fails. */
  readonly onDelayed: (key: string, error: unknown) => void;
  /** Pause before the first retry. It doubles after each failed round, up to `longestMs`. */
  readonly retryMs?: number;
  readonly longestMs?: number;
}

export function createRetryQueue({ onDelayed, retryMs = 1_000, longestMs = 8_000 }: RetryQueueOptions): RetryQueue {
  const waiting = new Map<string, Work>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failedRounds = 0;
  let isClosed = false;
  let toldAtMs: number | undefined;

  function tell(key: string, error: unknown): void {
    const now = performance.now();
    if (toldAtMs !== undefined && now - toldAtMs < longestMs) return;
    toldAtMs = now;
    onDelayed(key, error);
  }

  /** Resolves with `false` if the work throws. Failed work goes to the end of the queue. */
  async function attempt(key: string, work: Work, isLastChance = false): Promise<boolean> {
    try {
      if ((await work(isLastChance)) === "done" && waiting.get(key) === work) waiting.delete(key);
      return true;
    } catch (error) {
      if (waiting.get(key) === work) {
        waiting.delete(key);
        waiting.set(key, work);
      }
      tell(key, error);
      return false;
    }
  }

  /** Stops at the first failure: without the store or database, all the others would also wait for their time-outs. */
  async function attemptAll(): Promise<boolean> {
    for (const [key, work] of [...waiting]) if (!(await attempt(key, work))) return false;
    return true;
  }

  function retryLater(): void {
    if (timer !== undefined || waiting.size === 0 || isClosed) return;
    timer = setTimeout(
      async () => {
        failedRounds = (await attemptAll()) ? 0 : failedRounds + 1;
        timer = undefined;
        retryLater();
      },
      backoff(failedRounds + 1, { firstMs: retryMs, longestMs }),
    );
  }

  return {
    async run(key, work, limitMs) {
      waiting.set(key, work);
      await within(attempt(key, work).then(retryLater), limitMs);
    },
    add(key, work) {
      waiting.set(key, work);
      retryLater();
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await Promise.all([...waiting].map(([key, work]) => attempt(key, work, true)));
      return [...waiting.keys()];
    },
  };
}
