/** What is known of a stored object besides its bytes. */
export interface ObjectInfo {
  readonly sizeBytes: number;
  readonly contentType: string;
  /** The name under which the file was uploaded, if it was stored with the object. */
  readonly filename: string | undefined;
  /** Strong entity tag, quotes included (RFC 9110 §8.8.3). */
  readonly etag: string;
  readonly modifiedAt: Date;
}

/** What a listing tells of an object. */
export interface ScannedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

/** An inclusive byte range as in RFC 9110 §14.1.2, already cut to the object's size. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface OpenObject {
  readonly info: ObjectInfo;
  /**
   * The object's bytes, or those of the range that was asked for. A `Blob` if the bytes are in a local file, so that
   * the server can send the file itself, or if they are few. Otherwise a stream: it errors when the store breaks off,
   * and cancelling it closes it.
   */
  readonly body: ReadableStream<Uint8Array> | Blob;
}

export interface PutOptions {
  readonly contentType: string;
  /** Objects of older services have none. */
  readonly filename: string | undefined;
  /** An upper bound for the size, if known. Adapters choose the size of their parts by it; they do not check it. */
  readonly maxBytes?: number;
}

/**
 * A flat store of immutable files under keys of the form `local/<project id>/<object id>` or `submissions/<id>`.
 *
 * Every function throws `AppError("object_store")` when the store fails or moves no byte for its idle time, and
 * `AppError("storage_full")` when it has no room. A missing key is not an error.
 */
export interface ObjectStore {
  /**
   * Stores the stream under the key, replaces what was there, and resolves with the number of bytes once they are
   * durable. Memory use does not grow with the file. If the stream errors, throws that same error and leaves nothing
   * behind: no object, no dangling multipart upload, no temporary file.
   */
  put(key: string, body: ReadableStream<Uint8Array>, options: PutOptions): Promise<number>;
  stat(key: string): Promise<ObjectInfo | undefined>;
  /**
   * Opens an object in one request, so that `info` and `body` are of the same version. `undefined` if there is none.
   */
  open(key: string, range?: ByteRange): Promise<OpenObject | undefined>;
  /** Idempotent. */
  remove(key: string): Promise<void>;
  /**
   * Removes the object, and what a failed upload to this key left behind while the store was unreachable. For keys that
   * nobody writes to any more. Idempotent.
   */
  discard(key: string): Promise<void>;
  /** Removes every object whose key starts with the prefix, which must end in `/`; resolves with how many. Idempotent. */
  removeAll(prefix: string): Promise<number>;
  /** Keys under the prefix, in no particular order. */
  list(prefix: string): AsyncIterable<string>;
  /**
   * The objects under the prefix, in the order of their keys if these are made of UUIDs. With `after`, only those whose
   * keys come after it. Memory use does not grow with their number.
   */
  scan(prefix: string, after?: string): AsyncIterable<ScannedObject>;
  /**
   * Removes what uploads that never completed left behind, if it is older than the given time; resolves with how many.
   */
  sweepUnfinished(olderThan: Date): Promise<number>;
  /** Throws unless the store can be reached and, where it has buckets, the bucket exists. */
  check(signal?: AbortSignal): Promise<void>;
  /**
   * Sentences for the operator about what works now but should change: a disk that is nearly full, a bucket that keeps
   * what is deleted. None if the store does not tell. Changes nothing.
   */
  inspect(signal?: AbortSignal): Promise<readonly string[]>;
}
