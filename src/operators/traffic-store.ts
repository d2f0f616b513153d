/** `in`: from other nodes; `out`: to the Hub; `stored`: local results. */
export type Direction = "in" | "out" | "stored";

export interface Traffic {
  readonly hour: Date;
  readonly direction: Direction;
  readonly files: number;
  readonly bytes: number;
}

/** Files and bytes of each hour. Every function throws `AppError("database")` when the database fails. */
export interface TrafficStore {
  /** Adds to what the hours have already, all at once, and forgets hours before `keepFrom`. */
  add(traffic: readonly Traffic[], keepFrom: Date): Promise<void>;
  readSince(hour: Date): Promise<Traffic[]>;
}
