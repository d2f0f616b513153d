export interface TaggedResult {
  readonly objectId: string;
  readonly filename: string;
}

export interface NewTaggedResult {
  readonly projectId: string;
  /** The analysis that tags the object. */
  readonly clientId: string;
  readonly objectId: string;
  readonly tagName: string;
  readonly filename: string;
}

/**
 * Stores which objects have which tags. Tags belong to a project. A result is an object with the file name that one
 * analysis gave it. All ids are lower-case canonical UUIDs. The caller has checked them, the tag name, and the length
 * of the file name (at most 255 characters).
 *
 * Every function throws `AppError("database")` when the database fails. If the connection was lost and a repetition is
 * harmless, the function first tries once more.
 */
export interface Catalog {
  /**
   * Adds a tag to an object, in one transaction. Repeating the call changes nothing. The file name of a result never
   * changes: if this analysis gave the object another name before, nothing is written and that name is returned as
   * `knownAs`. If the project was removed, nothing is written and the result is `undefined`.
   */
  tag(entry: NewTaggedResult): Promise<{ readonly knownAs: string } | undefined>;
  /** The file name that this analysis gave the object, if it has ever tagged it. */
  findFilename(clientId: string, objectId: string): Promise<string | undefined>;
  /** The project's tag names, oldest first. */
  listTags(projectId: string): Promise<string[]>;
  /** The results with this tag, oldest first. Empty for an unknown tag. */
  listTagged(projectId: string, tagName: string): Promise<TaggedResult[]>;
  /**
   * Marks the project as removed for good. In the same transaction it deletes the project's tags, the results with one
   * of them, its submissions and the decisions on them. It also deletes submissions of the given analyses whose project
   * is unknown. Resolves with the ids of the deleted submissions; the caller must remove their files. Idempotent. If
   * the node keeps a record, the same transaction writes an entry by `actor`.
   */
  removeProject(projectId: string, analysisIds?: readonly string[], actor?: string): Promise<readonly string[]>;
  isRemoved(projectId: string): Promise<boolean>;
  /** Every project that was ever removed. */
  listRemoved(): Promise<string[]>;
  /** Throws unless the database works. Leaves nothing behind. PostgreSQL proves it by a write, SQLite by a read. */
  check(): Promise<void>;
  close(): Promise<void>;
}
