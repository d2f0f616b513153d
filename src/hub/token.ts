import { decodeJwt } from "jose";
import { AppError, reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { createSingleFlight } from "../time/single-flight.ts";
import { isSuccess, unexpectedResponse } from "./responses.ts";
import { adviseOn, credentials, isRefusal, type SignIn } from "./sign-in.ts";
import { timedOut } from "./transport/network-failure.ts";
import type { Outbound } from "./transport/outbound.ts";
import { startTimeLimit, type TimeLimit, withinLimit } from "./transport/time-limit.ts";
import { parseTokenGrant, type TokenGrant } from "./wire.ts";

/** The Hub's access token: one for all callers, renewed before it runs out. */
export interface TokenSource {
  /** Throws the errors of the Hub; `hub_unexpected` when it refuses the sign-in. */
  get(limit: TimeLimit): Promise<string>;
  /**
   * Call it when the Hub rejects a token; the next `get` then signs in again. A token that was already replaced changes
   * nothing.
   */
  invalidate(token: string): void;
}

export interface TokenSourceOptions {
  readonly authUrl: string;
  readonly signIn: SignIn;
  readonly outbound: Outbound;
  /** For a whole sign-in, retries included. */
  readonly limitMs: number;
  readonly now: () => number;
  /**
   * The monotonic clock stops while a machine is suspended, and somebody may set the wall clock: the larger of the two
   * ages counts.
   */
  readonly wallNow: () => number;
  readonly log: Log;
}

interface HeldToken {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly askedAt: { readonly evenMs: number; readonly wallMs: number };
  readonly renewAfterMs: number;
  readonly endsAfterMs: number;
}

const MAX_MARGIN_MS = 60_000;
const COOL_DOWN_MS = 5_000;

export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { authUrl, signIn, limitMs, now, wallNow, log } = options;
  let held: HeldToken | undefined;
  let refusal: { readonly error: AppError; readonly untilMs: number } | undefined;

  const requestToken = createTokenRequest(options);
  const ageMs = ({ askedAt }: HeldToken) => Math.max(now() - askedAt.evenMs, wallNow() - askedAt.wallMs);

  /** Refresh tokens are single use: one is never sent again, whatever came of it. */
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

  /** Keeps using a token whose renewal failed while it is valid; the next try comes after the cool-down. */
  function survive(error: unknown, last: HeldToken | undefined): HeldToken {
    if (last !== undefined && held !== undefined && ageMs(last) < last.endsAfterMs) {
      log.warn("hub.token.renewal-failed", { reason: reasonOf(error) });
      const renewAfterMs = Math.min(ageMs(last) + COOL_DOWN_MS, last.endsAfterMs);
      return { ...last, refreshToken: undefined, renewAfterMs };
    }
    if (error instanceof AppError && isRefusal(error.upstream?.status))
      refusal = { error, untilMs: now() + COOL_DOWN_MS };
    throw error;
  }

  const renewal = createSingleFlight(renew);

  async function get(limit: TimeLimit): Promise<string> {
    if (held !== undefined && ageMs(held) < held.renewAfterMs) return held.accessToken;
    if (refusal !== undefined && now() < refusal.untilMs) throw refusal.error;
    return withinLimit(renewal.run(), limit, () => timedOut({ origin: new URL(authUrl).origin }));
  }

  function invalidate(token: string) {
    if (held?.accessToken === token) held = undefined;
  }

  return { get, invalidate };
}

function createTokenRequest({ authUrl, signIn, outbound, now, wallNow, log }: TokenSourceOptions) {
  const url = `${authUrl}/token`;
  return async (form: object, idempotent: boolean, limit: TimeLimit): Promise<HeldToken> => {
    const askedAt = { evenMs: now(), wallMs: wallNow() };
    const response = await outbound.call({ method: "POST", url, json: form, idempotent, limit });
    const grant = isSuccess(response) ? parseTokenGrant(response.body) : undefined;
    if (grant === undefined) throw unexpectedResponse(response, `the sign-in at ${url}`, adviseOn(response, signIn));
    const lifeSeconds = lifeOf(grant);
    // Without a stated life the token is used until the Hub rejects it.
    const lifeMs = (lifeSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    log.info("hub.token.obtained", { flow: signIn.flow, lifeSeconds });
    return { ...grant, askedAt, endsAfterMs: lifeMs, renewAfterMs: lifeMs - Math.min(MAX_MARGIN_MS, lifeMs / 5) };
  };
}

/**
 * The shorter of the lives that the response and the token itself state: a 2025 Hub's response always states at least
 * an hour.
 */
function lifeOf({ accessToken, lifeSeconds }: TokenGrant): number | undefined {
  const lives = [lifeSeconds, readLife(accessToken)].filter((life) => life !== undefined);
  return lives.length === 0 ? undefined : Math.min(...lives);
}

function readLife(token: string): number | undefined {
  try {
    const { exp, iat } = decodeJwt(token);
    return exp !== undefined && iat !== undefined && exp > iat ? exp - iat : undefined;
  } catch {
    return undefined; // not every token is a JWT
  }
}
