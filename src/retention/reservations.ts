export interface Reserve {
  /** The upload's id. */
  readonly id: string;
  readonly projectId: string;
  /** The process that runs the upload. */
  readonly holder: string;
  /** How many bytes to add to the reservation. */
  readonly bytes: number;
  /** Whether the upload accepts fewer bytes if no more are left. */
  readonly takesLess: boolean;
  /** 0 = no limit. */
  readonly projectQuota: number;
  readonly nodeQuota: number;
}

/** The granted bytes, or the quota that the request exceeds and how much of it is used. */
export type Grant =
  | { readonly granted: number }
  | { readonly exceeded: "project" | "node"; readonly usedBytes: number; readonly quotaBytes: number };

/**
 * Uploads reserve bytes before they store them, so that any number of parallel uploads stay within the quotas. Finals
 * that wait for the Hub count towards the node's quota. Every function throws `AppError("database")` if the database fails.
 */
export interface Reservations {
  reserve(request: Reserve): Promise<Grant>;
  /** Idempotent. */
  release(id: string): Promise<void>;
  /** Renews all reservations of a process that still runs. */
  renew(holder: string): Promise<void>;
  /** Drops the reservations that were not renewed for this time. Resolves with their number. */
  dropStale(longerAgoMs: number): Promise<number>;
}
