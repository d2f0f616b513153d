import type { Log } from "../../log.ts";
import { createCall } from "./call.ts";
import { createHttpClient } from "./http-client.ts";
import type { Outbound, OutboundLimits, OutboundRequest } from "./outbound.ts";
import type { FetchLike } from "./plain-fetch.ts";
import type { ProxySettings } from "./proxy.ts";
import type { RetryPolicy } from "./retry.ts";
import { createDownload, createUpload } from "./transfer.ts";

export interface OutboundOptions {
  readonly proxy?: ProxySettings | undefined;
  readonly log: Log;
  readonly limits?: Partial<OutboundLimits>;
  readonly fetch?: FetchLike;
  readonly now?: () => number;
  readonly random?: () => number;
}

const DEFAULT_LIMITS: OutboundLimits = {
  callMs: 15_000,
  idleMs: 60_000,
  maxResponseBytes: 4 * 1024 * 1024,
  attempts: 5,
  backoffMs: 250,
};

export function createOutbound(options: OutboundOptions): Outbound {
  const { proxy, log, now = Date.now, random = Math.random } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const http = createHttpClient({ proxy, fetch: options.fetch, maxResponseBytes: limits.maxResponseBytes, now });

  function retryPolicy(request: OutboundRequest, idempotent: boolean, mayRepeat = () => true): RetryPolicy {
    const { method } = request;
    const { origin } = new URL(request.url);
    const onRetry = (waitMs: number) => log.debug("outbound.retried", { method, origin, waitMs: Math.round(waitMs) });
    return { idempotent, mayRepeat, attempts: limits.attempts, backoffMs: limits.backoffMs, random, onRetry };
  }

  const deps = { http, limits, retryPolicy };
  return { call: createCall(deps), upload: createUpload(deps), download: createDownload(deps) };
}
