/** `in`: files from other nodes; `out`: files to the Hub; `stored`: local results. */
export type Direction = "in" | "out" | "stored";

export interface Traffic {
  readonly hour: Date;
  readonly direction: Direction;
  readonly files: number;
  readonly bytes: number;
}

/** Stores files and bytes per hour. Every function throws `AppError("database")` when the database fails. */
export interface TrafficStore {
  /** In one transaction, adds to the counts of the hours and deletes hours before `keepFrom`. */
  add(traffic: readonly Traffic[], keepFrom: Date): Promise<void>;
  readSince(hour: Date): Promise<Traffic[]>;
}
