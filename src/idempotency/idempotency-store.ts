/** What a client repeats: one key means one request, for this analysis and route. */
export interface Scope {
  /** As the token says; any text. */
  readonly analysisId: string;
  /** Such as `PUT /local`. */
  readonly route: string;
  readonly key: string;
}

export interface Answer {
  readonly status: number;
  /** JSON text; `null` where the answer has no body. */
  readonly body: string | null;
}

/** What tells one request from another, as far as it was read. None of it may be a secret, for it is kept. */
export interface Fingerprint {
  /** SHA-256 of the file's name, in hex. */
  readonly name?: string;
  /** SHA-256 of the fields beside it. */
  readonly fields?: string;
  readonly bytes?: number;
  readonly sha256?: string;
}

/** Named anew for every request, so that one that was taken over cannot end its successor's. */
export interface Holder {
  readonly holder: string;
  readonly leaseMs: number;
}

export type Claim =
  /** `isRepeat`: an earlier request had it, and was not seen to end. */
  | { readonly kind: "held"; readonly id: string; readonly isRepeat: boolean }
  | { readonly kind: "running" }
  | { readonly kind: "finished"; readonly answer: Answer; readonly fingerprint: Fingerprint };

/**
 * Keys of requests with what was answered. A key whose lease has run out is free again, with its id; one that is older than
 * `keepMs` counts as unknown. Every function throws `AppError("database")` when the database fails.
 */
export interface IdempotencyStore {
  /** Takes the key; `id` is for one that was free. Once more by the same holder changes nothing. */
  claim(scope: Scope, holder: Holder, id: string, keepMs: number): Promise<Claim>;
  /** Prolongs a lease. This and the next three are `false`, and nothing is changed, when somebody else has the key. */
  renew(scope: Scope, holder: Holder): Promise<boolean>;
  finish(scope: Scope, holder: string, answer: Answer, fingerprint: Fingerprint): Promise<boolean>;
  /** Forgets the key: nothing was done. */
  release(scope: Scope, holder: string): Promise<boolean>;
  /** Ends the lease and keeps the id: something may have been done. */
  leave(scope: Scope, holder: string): Promise<boolean>;
  /** Ends all leases; only for a process that has the database to itself. */
  leaveAll(): Promise<void>;
  /** Forgets keys that are older, by their first use; resolves with how many. */
  purge(keepMs: number): Promise<number>;
}
