export interface SentIntermediate {
  /** The Hub's id. */
  readonly objectId: string;
  readonly analysisId: string;
}

export interface KnownIntermediate extends SentIntermediate {
  /** To remove it. */
  readonly attempts: number;
}

/** Intermediates of this node's analyses that lie at the Hub. Functions throw `AppError("database")` when the database fails. */
export interface SentIntermediates {
  add(sent: SentIntermediate): Promise<void>;
  /** Those sent longer ago than this by the clock that never jumps, those that were tried least first. */
  listOld(before: Date, limit: number): Promise<KnownIntermediate[]>;
  noteAttempt(objectId: string): Promise<void>;
  remove(objectId: string): Promise<void>;
}
