import type { NewEntry } from "./record-store.ts";

/** Puts on record what is done by others than the database itself. */
export interface Recorder {
  /**
   * To be called before something is done that cannot be undone. Throws `AppError("database")` unless the record can be
   * written now and has everything that has happened so far: what cannot be put on record must not happen.
   */
  prove(): Promise<void>;
  /** For what has not happened yet: it may when this resolves, and must not when it throws. */
  write(entry: NewEntry): Promise<void>;
  /**
   * For what has happened already. Resolves when it is on record; if that takes too long it resolves all the same, and is
   * tried again until it is. Never throws.
   */
  note(entry: NewEntry): Promise<void>;
  /** Somebody was denied something: counted, and put on record once a minute for each client. */
  countDenial(clientId: string | undefined): void;
}

/** Where nothing is put on record. */
export const noRecord: Recorder = {
  prove: async () => {},
  write: async () => {},
  note: async () => {},
  countDenial() {},
};
