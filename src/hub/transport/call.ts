import { type HttpClient, outcomeOf } from "./http-client.ts";
import type { Outbound, OutboundLimits, OutboundRequest } from "./outbound.ts";
import type { CallResponse } from "./response.ts";
import { type Outcome, type RetryPolicy, withRetries } from "./retry.ts";
import { startTimeLimit } from "./time-limit.ts";

export interface OutboundParts {
  readonly http: HttpClient;
  readonly limits: OutboundLimits;
  retryPolicy(request: OutboundRequest, idempotent: boolean, mayRepeat?: () => boolean): RetryPolicy;
}

/**
 * The share of the remaining time that the first tries may take: of the usual 15 s they get 3 s, 4 s and then 8 s. A
 * firewall that has forgotten a connection silently drops what is sent on it, and only a new connection gets through.
 * The last try takes all the remaining time, so that a slow Hub can respond.
 */
const sharesOfTime = [1 / 5, 1 / 3];

export function createCall({ http, limits, retryPolicy }: OutboundParts): Outbound["call"] {
  return (request) => {
    const { method, url, json } = request;
    const limit = request.limit ?? startTimeLimit(limits.callMs);
    const idempotent = request.idempotent ?? method !== "POST";
    const headers = { ...(json === undefined ? {} : { "Content-Type": "application/json" }), ...request.headers };
    const body = json === undefined ? undefined : JSON.stringify(json);
    const route = http.routeOf(url);
    let tries = 0;

    async function attempt(): Promise<Outcome<CallResponse>> {
      const share = idempotent && tries + 1 < limits.attempts ? sharesOfTime[tries] : undefined;
      // A request that must not be sent twice, or was sent once, must not use a kept-alive connection, which may be
      // dead or about to be closed.
      const keepalive = idempotent && tries === 0;
      tries += 1;
      // This signal ends with a `TimeoutError`, as the whole limit's does, so it does not matter which comes first.
      const patience = share === undefined ? [] : [startTimeLimit(limit.remainingMs() * share).signal];
      const signal = AbortSignal.any([limit.signal, ...patience]);
      const init = { method, headers, body, signal, keepalive };
      const outcome = await outcomeOf(async () => http.readResponse(await http.short(url, init)), route);
      const isSilent = "failure" in outcome && outcome.failure.kind === "timeout" && limit.remainingMs() > 0;
      return isSilent ? { failure: { ...outcome.failure, kind: "silent" } } : outcome;
    }
    return withRetries(attempt, limit, retryPolicy(request, idempotent));
  };
}
