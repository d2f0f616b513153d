export interface ObjectId {
  readonly projectId: string;
  readonly objectId: string;
}

export interface NewObject extends ObjectId {
  readonly sizeBytes: number;
}

export interface KnownObject extends NewObject {
  /** On the clock that never jumps (`advanceClock`). */
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
  /** Reserved by running uploads. */
  readonly reservedBytes: number;
  /** Finals that wait for the Hub. */
  readonly waitingBytes: number;
}

/**
 * The objects under `local/` in the object store, with sums. The service keeps the table only while a rule or a quota
 * needs it. The object store is authoritative: a row may be missing or stale for a while, until the next listing corrects it.
 *
 * Every function throws `AppError("database")` if the database fails, and `storage_full` if the database has no room.
 */
export interface ObjectTable {
  /** Adds an object that was stored just now, and frees its reservation. Idempotent. */
  add(object: NewObject, reservationId?: string): Promise<void>;
  /** Adds objects of a listing, without known ones and those of removed projects. Resolves with the added ones. */
  addListed(objects: readonly KnownObject[]): Promise<ObjectId[]>;
  remove(id: ObjectId): Promise<void>;
  removeProject(projectId: string): Promise<void>;
  /** Objects after the given one, ordered by project and object id. Expired objects appear in no result of this table. */
  page(after: ObjectId | undefined, limit: number): Promise<TaggedObject[]>;
  find(id: ObjectId): Promise<TaggedObject | undefined>;
  /** Ids after `after`, up to and including `upTo`, at most `limit`. */
  listIds(after: ObjectId | undefined, upTo: ObjectId | undefined, limit: number): Promise<ObjectId[]>;
  /** Sets each later `storedAt` to this moment of the clock that never jumps. */
  capStoredAt(latest: Date): Promise<void>;

  usageOf(projectId: string): Promise<Volume>;
  /** Largest first. */
  listUsage(offset: number, limit: number): Promise<ProjectVolume[]>;
  readNode(): Promise<NodeVolume>;
  /** Computes all sums again from the rows. */
  recount(): Promise<void>;
  /** Saves the node's current volume for this day, and forgets the days before `keepFrom`. */
  noteDay(day: string, keepFrom: string): Promise<void>;
  /** Oldest first. */
  listDays(): Promise<DailyVolume[]>;
}
