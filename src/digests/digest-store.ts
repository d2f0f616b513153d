/**
 * The hashes of stored local results: SHA-256 in lower-case hex. All functions throw `AppError("database")` when the
 * database fails. Retention deletes the hashes of expired results together with their other rows.
 */
export interface DigestStore {
  /** If an object is stored again, the new hash replaces the old one. */
  set(projectId: string, objectId: string, sha256: string): Promise<void>;
  find(projectId: string, objectId: string): Promise<string | undefined>;
  /** Idempotent. */
  remove(projectId: string, objectId: string): Promise<void>;
  /** Deletes the hashes of projects that are removed for good. Resolves with how many. */
  forget(projectIds: readonly string[]): Promise<number>;
}
