/** Runs long computations in small pieces, so that the process serves other requests in between. */
export interface LongWork {
  /** Does the work for 0, 1, 2 … below the count. Calls made at the same time run one after another. */
  forEach(count: number, work: (index: number) => void): Promise<void>;
}

export interface LongWorkDeps {
  /** Milliseconds on a monotonic clock. */
  readonly steadyNow: () => number;
  /** How long one piece may block the process. */
  readonly pieceMs?: number;
}

export function createLongWork({ steadyNow, pieceMs = 4 }: LongWorkDeps): LongWork {
  let last: Promise<void> = Promise.resolve();

  async function run(count: number, work: (index: number) => void): Promise<void> {
    let end = steadyNow() + pieceMs;
    for (let index = 0; index < count; index += 1) {
      work(index);
      if (steadyNow() < end) continue;
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      end = steadyNow() + pieceMs;
    }
  }

  return {
    forEach(count, work) {
      const done = last.then(() => run(count, work));
      last = done.catch(() => {});
      return done;
    },
  };
}
