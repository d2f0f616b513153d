import type { ByteRange } from "../object-store.ts";

export interface S3Request {
  /** What is being done, for operators. */
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
  /** Headers that are not, as something in between may rewrite them. */
  readonly plainHeaders?: Readonly<Record<string, string>>;
  /** Bytes must stay as they are until the request is over. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Called when a request that was given up has succeeded after all. */
  readonly onLateSuccess?: () => void;
  readonly attempts?: number;
  /** The part of the usual time for silence that it may take. */
  readonly patience?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface S3Response {
  readonly status: number;
  readonly headers: Headers;
  /**
   * A small one is here already. A stream goes on where the store breaks off in the middle of an object; when there is no
   * way to, or the store is silent for too long, it errors with an `AppError`. Cancelling it frees the connection.
   */
  readonly body: Blob | ReadableStream<Uint8Array>;
}

/** Sends a request; resolves with a 2xx answer, or with `undefined` when the key does not exist. */
export type SendS3Request = (request: S3Request) => Promise<S3Response | undefined>;
