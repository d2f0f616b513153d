/**
 * What stored local results hash to: SHA-256 in lower-case hex. All throw `AppError("database")` when the database fails.
 * Retention takes those of expired results away with their other rows.
 */
export interface DigestStore {
  /** Once more, for an object that is stored again, the last counts. */
  set(projectId: string, objectId: string, sha256: string): Promise<void>;
  find(projectId: string, objectId: string): Promise<string | undefined>;
  /** Idempotent. */
  remove(projectId: string, objectId: string): Promise<void>;
  /** Forgets those of projects that are removed for good; resolves with how many. */
  forget(projectIds: readonly string[]): Promise<number>;
}
