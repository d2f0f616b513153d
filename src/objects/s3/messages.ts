import type { ByteRange } from "../object-store.ts";

export interface S3Request {
  /** The name of the action, for operators. */
  readonly action: string;
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Without a key the request is about the bucket. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly range?: ByteRange;
  /** The entity tag that the object must have. */
  readonly ifMatch?: string;
  /** Headers that are signed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that are not signed, because a proxy in between may rewrite them. */
  readonly plainHeaders?: Readonly<Record<string, string>>;
  /** The caller must not change the bytes until the request is over. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Called when a request succeeds after it was given up. */
  readonly onLateSuccess?: () => void;
  readonly attempts?: number;
  /** The share of the usual idle time that the request may take. */
  readonly patience?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface S3Response {
  readonly status: number;
  readonly headers: Headers;
  /**
   * A small body has been read already. A stream continues when the store breaks off in the middle of an object. If it
   * cannot continue, or the store is silent for too long, it errors with an `AppError`. Cancelling it frees the
   * connection.
   */
  readonly body: Blob | ReadableStream<Uint8Array>;
}

/** Sends a request; resolves with a 2xx response, or with `undefined` when the key does not exist. */
export type SendS3Request = (request: S3Request) => Promise<S3Response | undefined>;
