import { isTokenRejected } from "./responses.ts";
import type { TokenSource } from "./token.ts";
import type { CallResponse } from "./transport/response.ts";
import { startTimeLimit, type TimeLimit } from "./transport/time-limit.ts";

export type AuthorizationHeader = { readonly Authorization: string };

export interface SessionOptions {
  /** Shared with the request itself. Without one, as for a transfer, each wait for a token has a limit of its own. */
  readonly limit?: TimeLimit;
  /** Whether the request can be sent again. Default: it can. */
  readonly mayRepeat?: () => boolean;
}

/**
 * Sends a request with the current token. When the Hub rejects the token, and the request can be repeated, a new one is
 * fetched and the request sent once more; a second rejection is the answer.
 */
export type Session = <A extends CallResponse>(
  send: (authorization: AuthorizationHeader) => Promise<A>,
  options?: SessionOptions,
) => Promise<A>;

export function createSession(tokens: TokenSource, limitMs: number): Session {
  return async (send, { limit, mayRepeat = () => true } = {}) => {
    const getToken = () => tokens.get(limit ?? startTimeLimit(limitMs));
    const token = await getToken();
    const response = await send({ Authorization: `Bearer ${token}` });
    if (!isTokenRejected(response)) return response;
    tokens.invalidate(token);
    if (!mayRepeat()) return response;
    return send({ Authorization: `Bearer ${await getToken()}` });
  };
}
