export interface RetentionState {
  /** The last reading of the machine's clock. */
  readonly clockAt: Date | undefined;
  /** How far the machine's clock is ahead of the clock that never jumps; negative if it was set back. */
  readonly aheadMs: number;
  /** The part of `aheadMs` that may have been real time in which nothing ran. It is believed after a day. */
  readonly unprovenMs: number;
  /** How long the clock has run without a jump since `unprovenMs` was set; gaps do not reset it. */
  readonly provenForMs: number;
  /** The rules as one text (`textOf`). */
  readonly rules: string | undefined;
  readonly rulesSince: Date | undefined;
  readonly sweptAt: Date | undefined;
  /** How far the current listing of the object store has come; `undefined` between two listings. */
  readonly listingCursor: string | undefined;
  readonly listedObjects: number;
  /** The end of the last complete listing. */
  readonly listedAt: Date | undefined;
}

export interface RetentionLease {
  readonly holder: string;
  readonly leaseMs: number;
}

/** The shared state of rules, clock and listing, and the lease of the one process that works. */
export interface RetentionStateStore {
  /** Takes or extends the lease. `false` if another process holds it. A lease too far ahead (clock set back) is void. */
  acquire(lease: RetentionLease): Promise<boolean>;
  release(holder: string): Promise<void>;
  /** The state, and the time on the database's clock. */
  read(): Promise<{ readonly state: RetentionState; readonly now: Date }>;
  /** Changes nothing and resolves with `false` if another process holds the lease. */
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
