import type { Log } from "../log.ts";
import { isTokenRejected, isUnexplained } from "./responses.ts";
import type { TokenSource } from "./token.ts";
import type { CallResponse } from "./transport/response.ts";
import { startTimeLimit, type TimeLimit } from "./transport/time-limit.ts";

export type AuthorizationHeader = { readonly Authorization: string };

export interface SessionRequestOptions {
  /** Shared with the request itself. Without one, as for a transfer, each wait for a token has a limit of its own. */
  readonly limit?: TimeLimit;
  /** Whether the request can be sent again. Default: it can. */
  readonly mayRepeat?: () => boolean;
  /** Whether the Hub may have done what was asked, so that only a plain rejection of the token allows a repetition. */
  readonly isOnce?: boolean;
}

/**
 * Sends a request with the current token. When the Hub rejects the token, and the request can be repeated, a new one is
 * fetched and the request sent once more; a second rejection is the answer.
 */
export type Session = <A extends CallResponse>(
  send: (authorization: AuthorizationHeader) => Promise<A>,
  options?: SessionRequestOptions,
) => Promise<A>;

export interface SessionOptions {
  readonly tokens: TokenSource;
  readonly limitMs: number;
  /** Milliseconds of a clock that goes on evenly. */
  readonly now: () => number;
  readonly log: Log;
}

/** How long an error that nobody can explain is not taken for a rejected token again. */
const coolDownMs = 60_000;

export function createSession({ tokens, limitMs, now, log }: SessionOptions): Session {
  let doubtedAtMs = Number.NEGATIVE_INFINITY;

  /** Whether the token is to be replaced: it was rejected, or may have been and this was not tried of late. */
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
