import type { SqliteDatabase } from "../database/sqlite-connection.ts";
import { columnsOf } from "./record-row.ts";
import type { NewEntry } from "./record-store.ts";
import { recordEntry } from "./sqlite-schema.ts";

/**
 * Writes an entry to the record within the transaction that changes the data, so that both happen or none. Adapters
 * that get no such function write nothing to the record.
 */
export type AppendInSqlite = (tx: Pick<SqliteDatabase, "insert">, entry: NewEntry) => void;

/** `requestId` returns the id of the request being served, if any. Entries without their own `requestId` get it. */
export function createAppendInSqlite(now: () => number, requestId: () => string | undefined): AppendInSqlite {
  return (tx, entry) => {
    const columns = columnsOf({ requestId: requestId(), ...entry });
    tx.insert(recordEntry)
      .values({ ...columns, time: new Date(now()) })
      .run();
  };
}
