export interface ObjectId {
  readonly projectId: string;
  readonly objectId: string;
}

export interface NewObject extends ObjectId {
  readonly sizeBytes: number;
}

export interface KnownObject extends NewObject {
  /** On the clock that never jumps. */
  readonly storedAt: Date;
}

export interface TaggedObject extends KnownObject {
  /** In no particular order. */
  readonly tags: readonly string[];
}

export interface Volume {
  readonly bytes: number;
  readonly objects: number;
}

export interface ProjectVolume extends Volume {
  readonly projectId: string;
}

export interface DailyVolume extends Volume {
  /** As `2026-01-31`. */
  readonly day: string;
}

export interface NodeVolume extends Volume {
  readonly projects: number;
  /** Promised to uploads that are under way. */
  readonly reservedBytes: number;
  /** Finals that wait for the Hub. */
  readonly waitingBytes: number;
}

/**
 * What lies in the object store under `local/`, with its sums; only kept while a rule or a quota needs it. The object store
 * decides what there is: a row may be missing for a while, or stay behind, and is put right by the next listing.
 *
 * Every function throws `AppError("database")` when the database fails, `storage_full` when it has no room.
 */
export interface ObjectTable {
  /** Stored just now. What was reserved for it is free again. Repeating it changes nothing. */
  add(object: NewObject, reservationId?: string): Promise<void>;
  /** Found in a listing. Those that are known already and those of removed projects are left out; resolves with the others. */
  addListed(objects: readonly KnownObject[]): Promise<ObjectId[]>;
  remove(id: ObjectId): Promise<void>;
  removeProject(projectId: string): Promise<void>;
  /** By project and object id, behind the one given. Expired ones are in none of these answers. */
  page(after: ObjectId | undefined, limit: number): Promise<TaggedObject[]>;
  find(id: ObjectId): Promise<TaggedObject | undefined>;
  /** Those behind the first and up to the last one given; at most so many. */
  listIds(after: ObjectId | undefined, upTo: ObjectId | undefined, limit: number): Promise<ObjectId[]>;
  /** Nothing was stored later than this moment of the clock that never jumps. */
  capStoredAt(latest: Date): Promise<void>;

  usageOf(projectId: string): Promise<Volume>;
  /** Largest first. */
  listUsage(offset: number, limit: number): Promise<ProjectVolume[]>;
  readNode(): Promise<NodeVolume>;
  /** Sums up anew. */
  recount(): Promise<void>;
  /** Notes what the node holds at the end of this day, and forgets days before the other one. */
  noteDay(day: string, keepFrom: string): Promise<void>;
  /** Oldest first. */
  listDays(): Promise<DailyVolume[]>;
}
