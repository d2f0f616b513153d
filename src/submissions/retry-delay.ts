import { backoff, spread } from "../time/backoff.ts";

const firstMs = 1_000;
/** A Hub that asks for more is asked again after this time, and its share on top. */
const longestAskedMs = 3_600_000;
/** All nodes of a Hub hear the same time: each adds up to this share of it, so that they do not come back as one. */
const askedShare = 0.1;
export const longestFixedMs = longestAskedMs * (1 + askedShare);

export interface RetryDelay {
  readonly delayMs: number;
  /** The Hub named the time. */
  readonly isFixed: boolean;
}

/**
 * How long to wait after so many attempts: doubling from one second, between half and the whole of that. A Hub that asks for
 * more gets that and up to a tenth more, never less: one that says 0 would be asked without a pause.
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
