import { backoff } from "./backoff.ts";
import { within } from "./deadline.ts";

/** `later`: it is too early to tell. `isLastChance`: the queue is being closed. */
export type Work = (isLastChance: boolean) => Promise<"done" | "later">;

/** Work that must be done in the end, such as removing what a failed request has left; it is repeated until it succeeds. */
export interface RetryQueue {
  /** Begins with the work now and resolves when it was tried, at the latest after the time. What fails is tried again. */
  run(key: string, work: Work, limitMs: number): Promise<void>;
  /** Leaves the work to the background. Work with the same key replaces what waits. */
  add(key: string, work: Work): void;
  /** Tries once more what waits, and resolves with the keys of what fails again. */
  close(): Promise<readonly string[]>;
}

export interface RetryQueueOptions {
  readonly onDelayed: (key: string, error: unknown) => void;
  /** Until the first repetition; doubled after each round that fails, up to the longest. */
  readonly retryMs?: number;
  readonly longestMs?: number;
}

export function createRetryQueue({ onDelayed, retryMs = 1_000, longestMs = 8_000 }: RetryQueueOptions): RetryQueue {
  const waiting = new Map<string, Work>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failedRounds = 0;
  let isClosed = false;

  /** Tells whether the work could be tried. What fails goes behind the others. */
  async function attempt(key: string, work: Work, isLastChance = false): Promise<boolean> {
    try {
      if ((await work(isLastChance)) === "done" && waiting.get(key) === work) waiting.delete(key);
      return true;
    } catch (error) {
      if (waiting.get(key) === work) {
        waiting.delete(key);
        waiting.set(key, work);
      }
      onDelayed(key, error);
      return false;
    }
  }

  /** Up to the first failure: a store or a database that is away fails all of them, each after its time. */
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
