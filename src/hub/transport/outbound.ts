import type { CallResponse } from "./response.ts";
import type { TimeLimit } from "./time-limit.ts";

export interface OutboundRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The time limit of the whole request; for a transfer, only the time in which it may start again. Default: `callMs`
   * from now.
   */
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

export interface DownloadAnswer extends CallResponse {
  /** Set for a 2xx status, instead of `body`. */
  readonly stream?: ReadableStream<Uint8Array>;
  /** Set together with `stream`. */
  readonly headers?: Headers;
}

/**
 * All requests to the Hub. Any HTTP status is a response. Without a response, throws an `AppError`: `hub_unreachable`,
 * or `hub_timeout` when the limit is over or a transfer stands still. What is safe to repeat is repeated within the
 * limit: after a refused, reset or silent connection, and on 429, 502, 503 and 504.
 */
export interface Outbound {
  /** Sends a short JSON request; returns a short JSON response. */
  call(request: CallRequest): Promise<CallResponse>;
  /**
   * Streams a body on its own connection. The response may come while the body is still being sent; the rest of the
   * body is then cancelled.
   */
  upload(request: UploadRequest): Promise<CallResponse>;
  /** The stream errors with an `AppError` when the other side breaks off; cancelling it closes the connection. */
  download(request: OutboundRequest): Promise<DownloadAnswer>;
}

export interface OutboundLimits {
  readonly callMs: number;
  readonly idleMs: number;
  readonly maxResponseBytes: number;
  readonly attempts: number;
  readonly backoffMs: number;
}
