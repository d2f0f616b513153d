import type { Outbound, OutboundLimits, OutboundRequest } from "./outbound.ts";
import { type HttpClient, outcomeOf } from "./request.ts";
import { type RetryPolicy, withRetries } from "./retry.ts";
import { startTimeLimit } from "./time-limit.ts";

export interface OutboundParts {
  readonly http: HttpClient;
  readonly limits: OutboundLimits;
  retryPolicy(request: OutboundRequest, idempotent: boolean, mayRepeat?: () => boolean): RetryPolicy;
}

export function createCall({ http, limits, retryPolicy }: OutboundParts): Outbound["call"] {
  return (request) => {
    const { method, url, json } = request;
    const limit = request.limit ?? startTimeLimit(limits.callMs);
    const idempotent = request.idempotent ?? method !== "POST";
    const headers = { ...(json === undefined ? {} : { "Content-Type": "application/json" }), ...request.headers };
    const body = json === undefined ? undefined : JSON.stringify(json);
    // What may not be sent twice, or was reset once, cannot risk a kept-alive connection that the other side is just closing.
    let keepalive = idempotent;
    async function attempt() {
      const init = { method, headers, body, signal: limit.signal, keepalive };
      keepalive = false;
      return http.readResponse(await http.short(url, init));
    }
    return withRetries(() => outcomeOf(attempt, http.routeOf(url)), limit, retryPolicy(request, idempotent));
  };
}
