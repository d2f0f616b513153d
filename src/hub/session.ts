import type { Log } from "../log.ts";
import { isTokenRejected, isUnexplained } from "./responses.ts";
import type { TokenSource } from "./token.ts";
import type { CallResponse } from "./transport/response.ts";
import { startTimeLimit, type TimeLimit } from "./transport/time-limit.ts";

export type AuthorizationHeader = { readonly Authorization: string };

export interface SessionRequestOptions {
  /**
   * The time limit, shared with the request itself. Without one, as for a transfer, each wait for a token has its own
   * limit.
   */
  readonly limit?: TimeLimit;
  /** Whether the request can be sent again. Default: it can. */
  readonly mayRepeat?: () => boolean;
  /** Whether the request must not be done twice. Then it is repeated only if the Hub clearly rejects the token. */
  readonly isOnce?: boolean;
}

/**
 * Sends a request with the current token. If the Hub rejects the token and the request can be repeated, fetches a new
 * token and sends the request once more. A second rejection is returned as the response.
 */
export type Session = <A extends CallResponse>(
  send: (authorization: AuthorizationHeader) => Promise<A>,
  options?: SessionRequestOptions,
) => Promise<A>;

export interface SessionOptions {
  readonly tokens: TokenSource;
  readonly limitMs: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly log: Log;
}

/** For how long after an unexplained error another one does not count as a rejected token. */
const coolDownMs = 60_000;

export function createSession({ tokens, limitMs, now, log }: SessionOptions): Session {
  let doubtedAtMs = Number.NEGATIVE_INFINITY;

  /** Whether the token must be replaced: the Hub rejected it, or may have, and this was not tried recently. */
  function isDoubtful(response: CallResponse): boolean {
    if (isTokenRejected(response)) return true;
    if (!isUnexplained(response) || now() - doubtedAtMs < coolDownMs) return false;
    doubtedAtMs = now();
    log.info("hub.token.doubted", { hubStatus: response.status });
    return true;
  }

  return async (send, { limit, mayRepeat = () => true, isOnce = false } = {}) => {
    const getToken = () => tokens.get(limit ?? startTimeLimit(limitMs));
    const token = await getToken();
    const response = await send({ Authorization: `Bearer ${token}` });
    if (!isDoubtful(response)) return response;
    tokens.invalidate(token);
    if (!mayRepeat()) return response;
    if (isTokenRejected(response)) return send({ Authorization: `Bearer ${await getToken()}` });
    if (isOnce) return response;
    const fresh = await getToken().catch(() => undefined);
    return fresh === undefined ? response : send({ Authorization: `Bearer ${fresh}` });
  };
}
