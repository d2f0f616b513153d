import type { ObjectId, TaggedObject } from "./object-table.ts";

export interface Expire {
  /** Of the lease. */
  readonly holder: string;
  readonly projectId: string;
  readonly objectIds: readonly string[];
  /** Judged by the tags that it has in the very transaction. */
  readonly isDue: (object: TaggedObject) => boolean;
  /** For the record. */
  readonly actor: string;
}

/**
 * Removes results whose time is over: first their rows and tags, and from then on nobody can tag them; then their files.
 * Every function throws `AppError("database")` when the database fails.
 */
export interface ExpiryStore {
  /**
   * Expires those that are due, in one transaction with what is put on record about it. Waits for whoever tags something of the
   * project. `undefined`, and nothing is changed, when somebody else holds the lease.
   */
  expire(request: Expire): Promise<TaggedObject[] | undefined>;
  /** Expired ones whose file may still be there, longest first. */
  listExpired(limit: number): Promise<ObjectId[]>;
  markRemoved(ids: readonly ObjectId[]): Promise<void>;
  /** Forgets those whose file is removed and that expired so long ago that nobody can be just about to tag them. */
  forget(longerAgoMs: number): Promise<void>;
}
