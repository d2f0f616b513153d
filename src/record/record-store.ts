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

/** A new entry for the record. Unknown facts are left out. It never contains a file's name or content. */
export interface NewEntry {
  /** A UUID that identifies repetitions of the same entry. */
  readonly id?: string | undefined;
  readonly event: RecordEvent;
  /** Who did it: a client id, or an operator's name. */
  readonly actor?: string | undefined;
  readonly analysisId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly objectId?: string | undefined;
  readonly peerNodeId?: string | undefined;
  /** The size of the plain file, if this node had it. */
  readonly bytes?: number | undefined;
  readonly sha256?: string | undefined;
  readonly requestId?: string | undefined;
  readonly outcome: "ok" | "failed" | "denied";
}

/** A row that has its number and hash in the chain. */
export interface SealedEntry extends NewEntry {
  /** 1, 2, 3 … without gaps. */
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
  /** Exclusive. */
  readonly to?: Date | undefined;
}

/** The lowest and the highest sequence of the rows within a time. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

export const everything: Span = { first: 0, last: Number.MAX_SAFE_INTEGER };

export interface RecordStats {
  readonly rows: number;
  readonly unsealed: number;
  /** Age of the oldest row that is not sealed; 0 if there is none. */
  readonly unsealedSeconds: number;
  readonly head: Head | undefined;
}

/** The result of `seal`: how many rows it sealed, and the last row of the chain now. */
export interface Sealed {
  readonly rows: number;
  readonly head: Head;
}

/**
 * The append-only record of what left this node and who allowed it. Rows are first written without a place in the
 * chain, so that writers do not wait for each other. Sealing gives them a number without gaps and a hash that covers
 * all rows before. Other adapters append within their own transactions.
 *
 * Every function throws `AppError("database")` when the database fails, and `storage_full` when it has no room.
 */
export interface RecordStore {
  /** Idempotent for an entry with an id. */
  append(entry: NewEntry): Promise<void>;
  /** Throws unless rows can be written now. Leaves nothing behind. */
  prove(): Promise<void>;
  /**
   * Seals all unsealed rows, one process at a time. A process that is killed meanwhile leaves either all of a batch
   * sealed or none of it. `undefined` if there was nothing to seal.
   */
  seal(): Promise<Sealed | undefined>;
  /** Sealed rows, newest first, with a lower number than `before`. */
  list(filter: RecordFilter, before: number | undefined, limit: number): Promise<SealedEntry[]>;
  /** How many sealed rows match the filter. */
  count(filter: RecordFilter): Promise<number>;
  /** Sealed rows, oldest first, with a higher number than `after`. */
  readAfter(filter: RecordFilter, after: number, limit: number): Promise<SealedEntry[]>;
  /**
   * The lowest and the highest number of the sealed rows within that time; `undefined` if there are none. Times usually
   * rise with the numbers, but not always. So rows between these two may lie outside of the time.
   */
  findSpan(time: Pick<RecordFilter, "from" | "to">): Promise<Span | undefined>;
  /**
   * Removes the oldest rows, up to the first that is younger than this, but at most as many as one transaction should
   * remove. A sealed row `record.pruned` with the number and the hash of the last removed row replaces them. Resolves
   * with how many it removed.
   */
  prune(olderThanMs: number): Promise<number>;
  stats(): Promise<RecordStats>;
}
