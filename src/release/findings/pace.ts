/** Limits the time of long work, and lets the event loop run other work in between. */
export interface Pace {
  /** Call this after each small piece of work. Resolves with whether there is time for another piece. */
  next(): Promise<boolean>;
}

/** `now` returns milliseconds of a monotonic clock. */
export function createPace(now: () => number, limitMs: number): Pace {
  const endsAt = now() + limitMs;
  return {
    async next() {
      await new Promise<void>((resolve) => setImmediate(resolve));
      return now() < endsAt;
    },
  };
}
