import type { SqliteDatabase } from "../database/sqlite-connection.ts";
import { columnsOf } from "./record-row.ts";
import type { NewEntry } from "./record-store.ts";
import { recordEntry } from "./sqlite-schema.ts";

/**
 * Puts something on record within the transaction that does it, so that either both happen or neither. Adapters that get
 * none of these put nothing on record.
 */
export type AppendInSqlite = (tx: Pick<SqliteDatabase, "insert">, entry: NewEntry) => void;

/** `requestId`: of the request being served, if any; for entries that name none. */
export function createAppendInSqlite(now: () => number, requestId: () => string | undefined): AppendInSqlite {
  return (tx, entry) => {
    const columns = columnsOf({ requestId: requestId(), ...entry });
    tx.insert(recordEntry)
      .values({ ...columns, time: new Date(now()) })
      .run();
  };
}
