import { AppError, reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { isSuccess, unexpectedResponse } from "./responses.ts";
import { adviseOn, credentials, isRefusal, type SignIn } from "./sign-in.ts";
import { timedOut } from "./transport/network-failure.ts";
import type { Outbound } from "./transport/outbound.ts";
import { startTimeLimit, type TimeLimit, withinLimit } from "./transport/time-limit.ts";
import { parseTokenGrant } from "./wire.ts";

/** The Hub's access token: one for all callers, renewed before it runs out. */
export interface TokenSource {
  /** Throws the errors of the Hub; `hub_unexpected` when it refuses the sign-in. */
  get(limit: TimeLimit): Promise<string>;
  /** To be told when the Hub rejects a token; the next `get` signs in anew. An older token changes nothing. */
  invalidate(token: string): void;
}

export interface TokenSourceOptions {
  readonly authUrl: string;
  readonly signIn: SignIn;
  readonly outbound: Outbound;
  /** For a whole sign-in, retries included. */
  readonly limitMs: number;
  readonly now: () => number;
  readonly log: Log;
}

interface HeldToken {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly renewAtMs: number;
  readonly endsAtMs: number;
}

const MAX_MARGIN_MS = 60_000;
const COOL_DOWN_MS = 5_000;

export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { authUrl, signIn, limitMs, now, log } = options;
  let held: HeldToken | undefined;
  let flight: Promise<string> | undefined;
  let refusal: { readonly error: AppError; readonly untilMs: number } | undefined;

  const requestToken = createTokenRequest(options);

  /** Refresh tokens are single use: whatever became of one, it is never sent again. */
  async function refresh(refreshToken: string, limit: TimeLimit): Promise<HeldToken | undefined> {
    try {
      return await requestToken({ grant_type: "refresh_token", refresh_token: refreshToken }, false, limit);
    } catch (error) {
      log.warn("hub.token.refresh-failed", { reason: reasonOf(error) });
      return undefined;
    }
  }

  async function renew(): Promise<string> {
    const limit = startTimeLimit(limitMs);
    const last = held;
    if (last !== undefined) held = { ...last, refreshToken: undefined };
    try {
      const refreshed = last?.refreshToken === undefined ? undefined : await refresh(last.refreshToken, limit);
      held = refreshed ?? (await requestToken(credentials(signIn), true, limit));
      refusal = undefined;
    } catch (error) {
      held = survive(error, last);
    }
    return held.accessToken;
  }

  /** A token whose renewal failed serves on while it lives; the next try comes after the cool-down. */
  function survive(error: unknown, last: HeldToken | undefined): HeldToken {
    const nowMs = now();
    if (last !== undefined && held !== undefined && nowMs < last.endsAtMs) {
      log.warn("hub.token.renewal-failed", { reason: reasonOf(error) });
      return { ...last, refreshToken: undefined, renewAtMs: Math.min(nowMs + COOL_DOWN_MS, last.endsAtMs) };
    }
    if (error instanceof AppError && isRefusal(error.upstream?.status))
      refusal = { error, untilMs: nowMs + COOL_DOWN_MS };
    throw error;
  }

  async function get(limit: TimeLimit): Promise<string> {
    if (held !== undefined && now() < held.renewAtMs) return held.accessToken;
    if (refusal !== undefined && now() < refusal.untilMs) throw refusal.error;
    flight ??= renew().finally(() => {
      flight = undefined;
    });
    return withinLimit(flight, limit, () => timedOut({ origin: new URL(authUrl).origin }));
  }

  function invalidate(token: string) {
    if (held?.accessToken === token) held = undefined;
  }

  return { get, invalidate };
}

function createTokenRequest({ authUrl, signIn, outbound, now, log }: TokenSourceOptions) {
  const url = `${authUrl}/token`;
  return async (form: object, idempotent: boolean, limit: TimeLimit): Promise<HeldToken> => {
    const askedAtMs = now();
    const response = await outbound.call({ method: "POST", url, json: form, idempotent, limit });
    const grant = isSuccess(response) ? parseTokenGrant(response.body) : undefined;
    if (grant === undefined) throw unexpectedResponse(response, `the sign-in at ${url}`, adviseOn(response, signIn));
    // Without a stated life the token is used until the Hub rejects it.
    const lifeMs = (grant.lifeSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    log.info("hub.token.obtained", { flow: signIn.flow, lifeSeconds: grant.lifeSeconds });
    const endsAtMs = askedAtMs + lifeMs;
    return { ...grant, endsAtMs, renewAtMs: endsAtMs - Math.min(MAX_MARGIN_MS, lifeMs / 5) };
  };
}
