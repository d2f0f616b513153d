export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
  /** Each pause is this many times as long as the one before. */
  readonly factor?: number;
}

/** The pause after this many failed attempts in a row. */
export function backoff(attempts: number, { firstMs, longestMs, factor = 2 }: Backoff): number {
  return Math.min(longestMs, firstMs * factor ** (attempts - 1));
}

/** A random time between half the pause and the whole, so that callers that failed together do not retry together. */
export function spread(pauseMs: number, random: () => number): number {
  return pauseMs * (0.5 + random() / 2);
}
