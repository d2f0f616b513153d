/** The right to do the work of a request that may be sent again, for as long as nobody else has taken it over. */
export interface Attempt {
  /** A UUID for what the work makes, the same for every attempt until one has ended: so they can find each other's. */
  readonly id: string;
  /** Whether an earlier attempt may have done the work, or part of it, without anybody having heard of it. */
  readonly isRepeat: boolean;
  /** To be called before what cannot be taken back. Throws `conflict` when another attempt has taken over. */
  confirm(): Promise<void>;
  /**
   * Whether what this attempt has made has to stay when it fails with that error: it may be done all the same, or another
   * attempt has taken over and made the same under the same id.
   */
  leaves(error: unknown): Promise<boolean>;
}
