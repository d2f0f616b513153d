export interface Reserve {
  /** Of the upload. */
  readonly id: string;
  readonly projectId: string;
  /** The process that the upload runs in. */
  readonly holder: string;
  /** How much more. */
  readonly bytes: number;
  /** Whether less will do, if that is all that is left. */
  readonly takesLess: boolean;
  /** 0 = no limit. */
  readonly projectQuota: number;
  readonly nodeQuota: number;
}

/** What was granted, or which quota is in the way and how much of it is used. */
export type Grant =
  | { readonly granted: number }
  | { readonly exceeded: "project" | "node"; readonly usedBytes: number; readonly quotaBytes: number };

/**
 * Room that uploads are promised before they fill it, so that any number of them at once stay within the quotas. What waits for
 * the Hub counts for the node. Every function throws `AppError("database")` when the database fails.
 */
export interface Reservations {
  reserve(request: Reserve): Promise<Grant>;
  /** Idempotent. */
  release(id: string): Promise<void>;
  /** Says that the process is still there. */
  renew(holder: string): Promise<void>;
  /** Forgets those that were not renewed for so long; resolves with how many. */
  dropStale(longerAgoMs: number): Promise<number>;
}
