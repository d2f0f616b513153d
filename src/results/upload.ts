import type { Attempt } from "../idempotency/attempt.ts";

/** A file on its way in, with the form's text parts around it. */
export interface Upload {
  /** A usable base name of at most 255 characters; never empty. */
  readonly filename: string;
  readonly contentType: string;
  /** An upper bound of the file's size where the request told its length. */
  readonly maxBytes: number | undefined;
  /** Text parts that came before the file. */
  readonly early: ReadonlyMap<string, string>;
  /**
   * The file's bytes, once. It ends only when the whole form has come to its proper end, so that half a form never passes for
   * a file. Errors with `AppError`: `client_gone`, `client_too_slow` (no byte for 60 s), `too_large`, or `invalid_form` when
   * the form breaks off. Cancelling it leaves the rest of the request unread.
   */
  readonly body: ReadableStream<Uint8Array>;
  /** The file's SHA-256 in hex, once `body` has ended, where answers are to tell it. */
  sha256?(): string | undefined;
  /** Set where the request may be sent again: its work is not in vain then, even if nobody waits for the answer. */
  readonly attempt?: Attempt | undefined;
  /**
   * All text parts. To be asked when `body` has ended and what was read is safe. Throws `client_gone` if nobody waits any more,
   * unless there is an attempt.
   */
  fields(): ReadonlyMap<string, string>;
  /** To be called when none of its bytes is held in memory any more, where that is long before the request ends. */
  kept(): void;
}
