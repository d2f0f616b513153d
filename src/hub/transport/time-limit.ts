/** How long an operation may still take, shared by all the requests it needs. */
export interface TimeLimit {
  /** Aborts with a `TimeoutError` when the time is up. */
  readonly signal: AbortSignal;
  remainingMs(): number;
}

export function startTimeLimit(limitMs: number): TimeLimit {
  const endsAtMs = performance.now() + limitMs;
  return { signal: AbortSignal.timeout(limitMs), remainingMs: () => Math.max(0, endsAtMs - performance.now()) };
}

/**
 * Waits for a promise that others may share, but no longer than the limit; then throws the error that `timedOut` makes.
 */
export function withinLimit<T>(promise: Promise<T>, { signal }: TimeLimit, timedOut: () => Error): Promise<T> {
  if (signal.aborted) return Promise.reject(timedOut());
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(timedOut());
    signal.addEventListener("abort", giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}
