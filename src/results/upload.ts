import type { Attempt } from "../idempotency/attempt.ts";
import type { ContentFacts } from "../streams/content-hash.ts";

/** A file that a client uploads, with the text parts of its form. */
export interface Upload {
  /** A usable base name of at most 255 characters; never empty. */
  readonly filename: string;
  readonly contentType: string;
  /** An upper bound of the file's size in bytes, if the request gave its length. */
  readonly maxBytes: number | undefined;
  /** Text parts that came before the file. */
  readonly early: ReadonlyMap<string, string>;
  /**
   * The file's bytes; can be read only once. It ends only when the whole form has ended properly, so that a truncated
   * form never passes for a complete file. Errors with `AppError`: `client_gone`, `client_too_slow` (no byte for 60 s),
   * `too_large`, or `invalid_form` when the form breaks off. Cancelling it leaves the rest of the request unread.
   */
  readonly body: ReadableStream<Uint8Array>;
  /**
   * Has the file hashed on its way, once for all who ask. Call it before `body` is read, and the function that it
   * returns when `body` has ended.
   */
  measure(): () => ContentFacts;
  /** The file's SHA-256 in hex, once `body` has ended. Set if responses include hashes. */
  sha256?(): string | undefined;
  /** Set if the client may repeat the request. Then the work is useful even if nobody waits for the response. */
  readonly attempt?: Attempt | undefined;
  /**
   * All text parts. Call it when `body` has ended and what was read is durable. Throws `client_gone` if the client is
   * gone, unless there is an attempt.
   */
  fields(): ReadonlyMap<string, string>;
  /** Call it when no byte of the file is in memory any more, if that is long before the request ends. */
  kept(): void;
}
