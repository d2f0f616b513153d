import { backoff, spread } from "../time/backoff.ts";

const firstMs = 1_000;
/** The longest time that a Hub may ask for. A longer one is cut to this; the share below is added on top. */
const longestAskedMs = 3_600_000;
/**
 * All nodes of a Hub get the same time. Each adds up to this share of it, so that they do not all come back at once.
 */
const askedShare = 0.1;
export const longestFixedMs = longestAskedMs * (1 + askedShare);

export interface RetryDelay {
  readonly delayMs: number;
  /** Whether the Hub named the time. */
  readonly isFixed: boolean;
}

/**
 * How long to wait after this many attempts. The delay doubles from one second, and is drawn between its half and its
 * whole. If the Hub asks for more, it gets that and up to a tenth more. It never gets less than our own delay: a Hub
 * that says 0 would be asked without a pause.
 */
export function retryDelay(
  attempts: number,
  retryAfterMs: number | undefined,
  maxMs: number,
  random: () => number,
): RetryDelay {
  const ownMs = spread(backoff(attempts, { firstMs, longestMs: maxMs }), random);
  if (retryAfterMs === undefined || retryAfterMs <= ownMs) return { delayMs: ownMs, isFixed: false };
  return { delayMs: Math.min(retryAfterMs, longestAskedMs) * (1 + askedShare * random()), isFixed: true };
}
