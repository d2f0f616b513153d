import type { NewEntry } from "./record-store.ts";

/** Writes to the record what happens outside of the database, such as transfers to and from the Hub. */
export interface Recorder {
  /**
   * Call this before an action that cannot be undone. Throws `AppError("database")` unless the record can be written
   * now and contains everything that has happened so far. What cannot be put on record must not happen.
   */
  prove(): Promise<void>;
  /** For an action that has not happened yet. It may happen after this resolves, and must not happen if this throws. */
  write(entry: NewEntry): Promise<void>;
  /**
   * For an action that has already happened. Resolves when the entry is on record. If that takes too long, it resolves
   * anyway, and the recorder repeats the write until it succeeds. Never throws.
   */
  note(entry: NewEntry): Promise<void>;
  /** Counts a denied request. The record gets one entry per client and minute. */
  countDenial(clientId: string | undefined): void;
}

/** The recorder of a node that keeps no record. */
export const noRecord: Recorder = {
  prove: async () => {},
  write: async () => {},
  note: async () => {},
  countDenial() {},
};
