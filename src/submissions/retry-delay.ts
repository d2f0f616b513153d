import { backoff, spread } from "../time/backoff.ts";

const firstMs = 1_000;
/** A Hub that asks for more is asked again after this time. */
export const longestAskedMs = 3_600_000;

export interface RetryDelay {
  readonly delayMs: number;
  /** The Hub named the time. */
  readonly isFixed: boolean;
}

/**
 * How long to wait after so many attempts: doubling from one second, between half and the whole of that. A Hub that asks for
 * more gets more, never less: one that says 0 would be asked without a pause.
 */
export function retryDelay(
  attempts: number,
  retryAfterMs: number | undefined,
  maxMs: number,
  random: () => number,
): RetryDelay {
  const ownMs = spread(backoff(attempts, { firstMs, longestMs: maxMs }), random);
  if (retryAfterMs === undefined || retryAfterMs <= ownMs) return { delayMs: ownMs, isFixed: false };
  return { delayMs: Math.min(retryAfterMs, longestAskedMs), isFixed: true };
}
