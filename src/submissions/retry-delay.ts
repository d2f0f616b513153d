const firstMs = 1_000;
/** A Hub that asks for more is asked again after this time. */
export const longestAskedMs = 3_600_000;

export interface RetryDelay {
  readonly delayMs: number;
  /** The Hub named the time. */
  readonly isFixed: boolean;
}

/** How long to wait after so many attempts: doubling from one second, between half and the whole of that, or as the Hub asks. */
export function retryDelay(
  attempts: number,
  retryAfterMs: number | undefined,
  maxMs: number,
  random: () => number,
): RetryDelay {
  if (retryAfterMs !== undefined) return { delayMs: Math.min(retryAfterMs, longestAskedMs), isFixed: true };
  const wholeMs = Math.min(maxMs, firstMs * 2 ** Math.min(attempts - 1, 30));
  return { delayMs: wholeMs * (0.5 + random() / 2), isFixed: false };
}
