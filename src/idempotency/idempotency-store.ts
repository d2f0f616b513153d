/** Identifies a request: a key stands for one request of this analysis on this route. */
export interface Scope {
  /** The client id from the token; any text. */
  readonly analysisId: string;
  /** For example `PUT /local`. */
  readonly route: string;
  readonly key: string;
}

export interface Answer {
  readonly status: number;
  /** JSON text; `null` if the response has no body. */
  readonly body: string | null;
}

/** Facts that distinguish requests, as far as the request was read. They are stored, so they must not be secret. */
export interface Fingerprint {
  /** SHA-256 of the file's name, in hex. */
  readonly name?: string;
  /** SHA-256 of the other form fields. */
  readonly fields?: string;
  readonly bytes?: number;
  readonly sha256?: string;
}

/** Each request has a new holder id. So a request that lost its key cannot end the lease of the next one. */
export interface Holder {
  readonly holder: string;
  readonly leaseMs: number;
}

export type Claim =
  /** `isRepeat`: an earlier request held the key and did not finish. */
  | { readonly kind: "held"; readonly id: string; readonly isRepeat: boolean }
  | { readonly kind: "running" }
  | { readonly kind: "finished"; readonly answer: Answer; readonly fingerprint: Fingerprint };

/**
 * Idempotency keys with the response that their request got. A key whose lease has ended can be claimed again and keeps
 * its id. A key older than `keepMs` counts as unknown. Every function throws `AppError("database")` when the database
 * fails.
 */
export interface IdempotencyStore {
  /** Claims the key. A new key gets `id`. A repetition by the same holder keeps the claim. */
  claim(scope: Scope, holder: Holder, id: string, keepMs: number): Promise<Claim>;
  /** Extends a lease. This and the next three return `false` and change nothing if another holder has the key. */
  renew(scope: Scope, holder: Holder): Promise<boolean>;
  finish(scope: Scope, holder: string, answer: Answer, fingerprint: Fingerprint): Promise<boolean>;
  /** Deletes the key, because the request did nothing. */
  release(scope: Scope, holder: string): Promise<boolean>;
  /** Ends the lease but keeps the key and its id, because the request may have done something. */
  leave(scope: Scope, holder: string): Promise<boolean>;
  /** Ends all leases. Only for a process that uses the database alone. */
  leaveAll(): Promise<void>;
  /** Deletes keys whose first use is older than this and whose lease has ended. Resolves with how many. */
  purge(keepMs: number): Promise<number>;
}
