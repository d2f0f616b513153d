export interface SentIntermediate {
  /** The Hub's id. */
  readonly objectId: string;
  readonly analysisId: string;
}

export interface KnownIntermediate extends SentIntermediate {
  /** Attempts to remove it. */
  readonly attempts: number;
}

/** Intermediates of this node's analyses on the Hub. Functions throw `AppError("database")` if the database fails. */
export interface SentIntermediates {
  add(sent: SentIntermediate): Promise<void>;
  /** Intermediates sent before this moment of the clock that never jumps, those with the fewest attempts first. */
  listOld(before: Date, limit: number): Promise<KnownIntermediate[]>;
  noteAttempt(objectId: string): Promise<void>;
  remove(objectId: string): Promise<void>;
}
