export const recordEvents = [
  "intermediate.sent",
  "intermediate.received",
  "final.submitted",
  "final.held",
  "final.approved",
  "final.declined",
  "final.delivered",
  "final.rejected",
  "dp.released",
  "budget.changed",
  "project.deleted",
  "result.expired",
  "access.denied",
  "peer.key_changed",
  "peer.trusted",
  "peer.forgotten",
  "operator.signed_in",
  "record.read",
  "record.exported",
  "record.pruned",
] as const;

export type RecordEvent = (typeof recordEvents)[number];

/** What is to be put on record; facts that are not known are left out. Never a file's name or content. */
export interface NewEntry {
  /** A UUID by which writing it again is known as a repetition. */
  readonly id?: string | undefined;
  readonly event: RecordEvent;
  /** Who did it: a client id, or an operator's name. */
  readonly actor?: string | undefined;
  readonly analysisId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly objectId?: string | undefined;
  readonly peerNodeId?: string | undefined;
  /** Of the plain file, where this node had it. */
  readonly bytes?: number | undefined;
  readonly sha256?: string | undefined;
  readonly requestId?: string | undefined;
  readonly outcome: "ok" | "failed" | "denied";
}

/** A row that has its place in the chain. */
export interface SealedEntry extends NewEntry {
  /** 1, 2, 3 … without holes. */
  readonly sequence: number;
  readonly time: Date;
  /** In lower-case hex. */
  readonly hash: string;
}

/** The last row of a chain. */
export interface Head {
  readonly sequence: number;
  readonly hash: string;
}

export interface RecordFilter {
  readonly event?: RecordEvent | undefined;
  readonly projectId?: string | undefined;
  readonly analysisId?: string | undefined;
  readonly from?: Date | undefined;
  /** Not included. */
  readonly to?: Date | undefined;
}

/** Of the rows from one time to another. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

export const everything: Span = { first: 0, last: Number.MAX_SAFE_INTEGER };

export interface RecordStats {
  readonly rows: number;
  readonly unsealed: number;
  /** Age of the oldest row that is not sealed; 0 when there is none. */
  readonly unsealedSeconds: number;
  readonly head: Head | undefined;
}

/** What one call of `seal` has done: how many rows got their place, and which one is the last now. */
export interface Sealed {
  readonly rows: number;
  readonly head: Head;
}

/**
 * The append-only record of what left this node, and who let it. Rows are written without a place in the chain, so that
 * writers need not wait for each other, and get it when they are sealed: numbers without holes, and the hash of everything
 * before. Other adapters append within their own transactions.
 *
 * Every function throws `AppError("database")` when the database fails, `storage_full` when it has no room.
 */
export interface RecordStore {
  /** Idempotent for an entry with an id. */
  append(entry: NewEntry): Promise<void>;
  /** Throws unless rows can be written now; leaves nothing behind. */
  prove(): Promise<void>;
  /**
   * Gives all rows that have none their place in the chain, one process at a time; a process killed meanwhile leaves either
   * all of a batch or none of it. `undefined` when there was nothing to seal.
   */
  seal(): Promise<Sealed | undefined>;
  /** Sealed rows, newest first, with a lower number than `before`. */
  list(filter: RecordFilter, before: number | undefined, limit: number): Promise<SealedEntry[]>;
  /** How many sealed rows fit. */
  count(filter: RecordFilter): Promise<number>;
  /** Sealed rows, oldest first, with a higher number than `after`. */
  readAfter(filter: RecordFilter, after: number, limit: number): Promise<SealedEntry[]>;
  /**
   * The lowest and the highest number of the sealed rows of that time, whatever else is asked for; `undefined` where there are
   * none. Times rise with the numbers, but not always.
   */
  findSpan(time: Pick<RecordFilter, "from" | "to">): Promise<Span | undefined>;
  /**
   * Removes the oldest rows, up to the first one that is younger than this and at most as many as one transaction can bear; in
   * their stead a sealed row `record.pruned` carries the number and the hash of the last of them. Resolves with how many.
   */
  prune(olderThanMs: number): Promise<number>;
  stats(): Promise<RecordStats>;
}
