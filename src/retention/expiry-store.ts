import type { ObjectId, TaggedObject } from "./object-table.ts";

export interface Expire {
  /** The process that holds the lease. */
  readonly holder: string;
  readonly projectId: string;
  readonly objectIds: readonly string[];
  /** Decides by the tags that the object has in this transaction. */
  readonly isDue: (object: TaggedObject) => boolean;
  /** Who removes the results, for the record. */
  readonly actor: string;
}

/**
 * Removes results whose time is over: first their rows and tags, after which nobody can tag them, and then their files.
 * Every function throws `AppError("database")` if the database fails.
 */
export interface ExpiryStore {
  /**
   * Expires the due objects and adds the rows to the record, in one transaction. Waits for requests that tag results of
   * the project. Changes nothing and resolves with `undefined` if another process holds the lease.
   */
  expire(request: Expire): Promise<TaggedObject[] | undefined>;
  /** Expired objects whose file may still exist, the longest expired first. */
  listExpired(limit: number): Promise<ObjectId[]>;
  markRemoved(ids: readonly ObjectId[]): Promise<void>;
  /** Forgets expired objects without a file. The time must be long enough that no running request can still tag them. */
  forget(longerAgoMs: number): Promise<void>;
}
