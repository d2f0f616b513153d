/** A file on its way in, with the form's text parts around it. Whoever receives it reads `body` first, then `rest()`. */
export interface Upload {
  /** A usable base name of at most 255 characters; never empty. */
  readonly filename: string;
  readonly contentType: string;
  /** An upper bound of the file's size where the request told its length. */
  readonly maxBytes: number | undefined;
  /** Text parts that came before the file. */
  readonly early: ReadonlyMap<string, string>;
  /**
   * The file's bytes, once. Errors with `AppError`: `client_gone`, `client_too_slow` (no byte for 60 s), `too_large`, or
   * `invalid_form` when the form breaks off. Cancelling it leaves the rest of the request unread.
   */
  readonly body: ReadableStream<Uint8Array>;
  /** Reads the form to its end and gives all text parts; throws as `body` errors. To be called when `body` has ended. */
  rest(): Promise<ReadonlyMap<string, string>>;
}
