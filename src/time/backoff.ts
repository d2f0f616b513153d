export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
  /** How many times as long each pause is as the one before. */
  readonly factor?: number;
}

/** The pause after so many attempts in a row that have failed. */
export function backoff(attempts: number, { firstMs, longestMs, factor = 2 }: Backoff): number {
  return Math.min(longestMs, firstMs * factor ** (attempts - 1));
}

/** Between half of a pause and the whole, so that those who failed together do not come back together. */
export function spread(pauseMs: number, random: () => number): number {
  return pauseMs * (0.5 + random() / 2);
}
