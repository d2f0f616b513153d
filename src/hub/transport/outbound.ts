import type { Log } from "../../log.ts";
import { createCall } from "./call.ts";
import type { FetchLike } from "./plain-fetch.ts";
import type { ProxySettings } from "./proxy.ts";
import { createExchange } from "./request.ts";
import type { CallAnswer } from "./response.ts";
import type { RetryPolicy } from "./retry.ts";
import type { TimeLimit } from "./time-limit.ts";
import { createDownload, createUpload } from "./transfer.ts";

export interface OutboundRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the whole request; for a transfer only the time in which it may be begun anew. Default: `callMs` from now. */
  readonly limit?: TimeLimit;
}

export interface CallRequest extends OutboundRequest {
  readonly json?: unknown;
  /** Whether it may be sent twice. Default: every method but POST. */
  readonly idempotent?: boolean;
}

export interface UploadRequest extends OutboundRequest {
  /** Makes the body anew for every attempt. */
  readonly openBody: () => ReadableStream<Uint8Array>;
  /** Whether `openBody` can still begin from the first byte. */
  readonly mayRepeat: () => boolean;
}

export interface DownloadAnswer extends CallAnswer {
  /** Only with a 2xx, and then instead of `body`. */
  readonly stream?: ReadableStream<Uint8Array>;
}

/**
 * All requests to the Hub. Any status is an answer; no answer is an `AppError`: `hub_unreachable`, or `hub_timeout` when the
 * limit is over or a transfer stands still. What is safe to repeat is repeated within the limit: after a refused or
 * reset connection, and on 429, 502, 503 and 504.
 */
export interface Outbound {
  /** A short JSON request with a short JSON answer. */
  call(request: CallRequest): Promise<CallAnswer>;
  /** Streams a body on a connection of its own. The answer may come while the body is still being sent; the body is then cancelled. */
  upload(request: UploadRequest): Promise<CallAnswer>;
  /** The stream errors with an `AppError` when the other side breaks off; cancelling it closes the connection. */
  download(request: OutboundRequest): Promise<DownloadAnswer>;
}

export interface OutboundLimits {
  readonly callMs: number;
  readonly idleMs: number;
  readonly maxAnswerBytes: number;
  readonly attempts: number;
  readonly backoffMs: number;
}

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
  maxAnswerBytes: 4 * 1024 * 1024,
  attempts: 5,
  backoffMs: 250,
};

export function createOutbound(options: OutboundOptions): Outbound {
  const { proxy, log, now = Date.now, random = Math.random } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const exchange = createExchange({ proxy, fetch: options.fetch, maxAnswerBytes: limits.maxAnswerBytes, now });

  function retryPolicy(request: OutboundRequest, idempotent: boolean, mayRepeat = () => true): RetryPolicy {
    const { method } = request;
    const { origin } = new URL(request.url);
    const onRetry = (waitMs: number) => log.debug("outbound.retried", { method, origin, waitMs: Math.round(waitMs) });
    return { idempotent, mayRepeat, attempts: limits.attempts, backoffMs: limits.backoffMs, random, onRetry };
  }

  const deps = { exchange, limits, retryPolicy };
  return { call: createCall(deps), upload: createUpload(deps), download: createDownload(deps) };
}
