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
 * Which objects carry which tags. Tags belong to a project; a result is what one analysis calls an object (its file name).
 * All ids are lower-case canonical UUIDs; the caller has checked them, the tag name and the file name's length (255 characters).
 *
 * Every function throws `AppError("database")` when the database fails, and is tried once more first when the
 * connection was lost and a repeat is harmless.
 */
export interface Catalog {
  /**
   * Ties a tag to an object, in one transaction; repeating it changes nothing. The file name of a result never changes:
   * if this analysis knows the object under another one, nothing is written and that name is returned as `knownAs`.
   * `undefined`, and nothing is written, when the project was removed: a tag never comes after the removal.
   */
  tag(entry: NewTaggedResult): Promise<{ readonly knownAs: string } | undefined>;
  /** The name this analysis knows the object by, if it has ever tagged it. */
  findFilename(clientId: string, objectId: string): Promise<string | undefined>;
  /** The project's tag names, oldest first. */
  listTags(projectId: string): Promise<string[]>;
  /** Oldest first; empty for an unknown tag. */
  listTagged(projectId: string, tagName: string): Promise<TaggedResult[]>;
  /**
   * Notes for good that the project is removed, and removes its tags, the results that carry one of them and its submissions,
   * all at once; also the submissions of the given analyses whose project nobody knows. Resolves with the ids of those
   * submissions, whose files are left. Idempotent. Where there is a record it says so in the same transaction, by `actor`.
   */
  removeProject(projectId: string, analysisIds?: readonly string[], actor?: string): Promise<readonly string[]>;
  isRemoved(projectId: string): Promise<boolean>;
  /** Every project that was ever removed. */
  listRemoved(): Promise<string[]>;
  /** Throws unless the database can be written to; leaves nothing behind. */
  check(): Promise<void>;
  close(): Promise<void>;
}
