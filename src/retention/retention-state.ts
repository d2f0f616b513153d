export interface RetentionState {
  /** When the clock was read last. */
  readonly clockAt: Date | undefined;
  /** How far the machine's clock is ahead of the one that never jumps; negative where it was set back. */
  readonly aheadMs: number;
  /** Part of it that may have been time in which nothing ran. It is believed after a day. */
  readonly unprovenMs: number;
  /** For how long nothing has spoken against it. */
  readonly provenForMs: number;
  /** In one text. */
  readonly rules: string | undefined;
  readonly rulesSince: Date | undefined;
  readonly sweptAt: Date | undefined;
  /** How far the listing of the object store has come; `undefined` between two of them. */
  readonly listingCursor: string | undefined;
  readonly listedObjects: number;
  /** The end of the last listing that went through. */
  readonly listedAt: Date | undefined;
}

export interface RetentionLease {
  readonly holder: string;
  readonly leaseMs: number;
}

/** What all processes know of rules, clock and listing, and the lease of the one that works. */
export interface RetentionStateStore {
  /** Takes the lease, or prolongs it; `false` when another process holds it. A clock that is set makes none longer. */
  acquire(lease: RetentionLease): Promise<boolean>;
  release(holder: string): Promise<void>;
  /** The state, and the time on the database's clock. */
  read(): Promise<{ readonly state: RetentionState; readonly now: Date }>;
  /** `false`, and nothing is changed, when another process holds the lease. */
  write(holder: string, changes: Partial<RetentionState>): Promise<boolean>;
}

export const initialState: RetentionState = {
  clockAt: undefined,
  aheadMs: 0,
  unprovenMs: 0,
  provenForMs: 0,
  rules: undefined,
  rulesSince: undefined,
  sweptAt: undefined,
  listingCursor: undefined,
  listedObjects: 0,
  listedAt: undefined,
};
