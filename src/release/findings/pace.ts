/** Keeps long work within its time, and lets others have their turn meanwhile. */
export interface Pace {
  /** To be called after each small piece of work; resolves with whether there is time for another one. */
  next(): Promise<boolean>;
}

/** `now`: milliseconds on a clock that nobody can set. */
export function createPace(now: () => number, limitMs: number): Pace {
  const endsAt = now() + limitMs;
  return {
    async next() {
      await new Promise<void>((resolve) => setImmediate(resolve));
      return now() < endsAt;
    },
  };
}
