import { backoff, spread } from "../../time/backoff.ts";
import type { NetworkFailure } from "./network-failure.ts";
import type { TimeLimit } from "./time-limit.ts";

/** The result of one attempt: a response with any status, or a failure. */
export type Outcome<A> = { readonly response: A } | { readonly failure: NetworkFailure };

export interface RetryPolicy {
  /** Whether the request may be processed twice. If not, it is repeated only if it surely was not processed. */
  readonly idempotent: boolean;
  /** Asked before every repetition. */
  readonly mayRepeat: () => boolean;
  readonly attempts: number;
  /** First pause; doubles with every attempt. */
  readonly backoffMs: number;
  readonly random: () => number;
  readonly onRetry: (waitMs: number) => void;
}

interface Answered {
  readonly status: number;
  readonly retryAfterMs?: number | undefined;
}

/**
 * Repeats an attempt while that is safe, useful and still within the time limit. Returns or throws the last outcome.
 */
export async function withRetries<A extends Answered>(
  attempt: () => Promise<Outcome<A>>,
  limit: TimeLimit,
  policy: RetryPolicy,
): Promise<A> {
  for (let tries = 1; ; tries++) {
    const outcome = await attempt();
    const waitMs = tries < policy.attempts ? pauseMs(outcome, tries, policy) : undefined;
    if (waitMs === undefined || waitMs >= limit.remainingMs() || !policy.mayRepeat()) {
      if ("response" in outcome) return outcome.response;
      throw outcome.failure.error;
    }
    policy.onRetry(waitMs);
    if (waitMs > 0) await Bun.sleep(waitMs);
  }
}

function pauseMs(outcome: Outcome<Answered>, tries: number, policy: RetryPolicy): number | undefined {
  const longestMs = Number.POSITIVE_INFINITY;
  const backoffMs = spread(backoff(tries, { firstMs: policy.backoffMs, longestMs }), policy.random);
  if ("failure" in outcome) {
    const { kind } = outcome.failure;
    if (kind === "refused" || kind === "dns") return backoffMs;
    // The Hub may have just closed a kept-alive connection, or a firewall forgotten it. The first repeat gets a new one
    // at once.
    if ((kind === "reset" || kind === "silent") && policy.idempotent) return tries === 1 ? 0 : backoffMs;
    return undefined;
  }
  const { status, retryAfterMs } = outcome.response;
  const busy = status === 429 || (policy.idempotent && (status === 502 || status === 503 || status === 504));
  // Never waits less than without the header: a Hub that says 0 would be asked without a pause.
  return busy ? Math.max(retryAfterMs ?? 0, backoffMs) : undefined;
}
