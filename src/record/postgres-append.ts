import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import { recordEntry } from "./postgres-schema.ts";
import { columnsOf } from "./record-row.ts";
import type { NewEntry } from "./record-store.ts";

/**
 * Writes an entry to the record within the transaction that changes the data, so that both happen or none. Adapters
 * that get no such function write nothing to the record.
 */
export type AppendInPostgres = (tx: Pick<BunSQLDatabase, "insert">, entry: NewEntry) => Promise<void>;

/** `requestId` returns the id of the request being served, if any. Entries without their own `requestId` get it. */
export function createAppendInPostgres(requestId: () => string | undefined): AppendInPostgres {
  return async (tx, entry) => {
    await tx.insert(recordEntry).values(columnsOf({ requestId: requestId(), ...entry }));
  };
}
