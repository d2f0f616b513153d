/** One attempt at a request with an `Idempotency-Key`. It may do the work until another attempt takes over the key. */
export interface Attempt {
  /**
   * The UUID for the result of the work. Attempts get the same one until the key is deleted, so that each finds earlier
   * work.
   */
  readonly id: string;
  /** Whether an earlier attempt may have done all or part of the work. Its outcome is unknown. */
  readonly isRepeat: boolean;
  /** Call this before an action that cannot be undone. Throws `conflict` if another attempt has taken over the key. */
  confirm(): Promise<void>;
  /**
   * Whether the attempt must leave what it has stored, if it fails with this error. It must if the work may be done
   * despite the error, or if another attempt has taken over and uses the same id.
   */
  leaves(error: unknown): Promise<boolean>;
}
