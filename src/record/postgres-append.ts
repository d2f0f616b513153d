import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import { recordEntry } from "./postgres-schema.ts";
import { columnsOf } from "./record-row.ts";
import type { NewEntry } from "./record-store.ts";

/**
 * Puts something on record within the transaction that does it, so that either both happen or neither. Adapters that get
 * none of these put nothing on record.
 */
export type AppendInPostgres = (tx: Pick<BunSQLDatabase, "insert">, entry: NewEntry) => Promise<void>;

/** `requestId`: of the request being served, if any; for entries that name none. */
export function createAppendInPostgres(requestId: () => string | undefined): AppendInPostgres {
  return async (tx, entry) => {
    await tx.insert(recordEntry).values(columnsOf({ requestId: requestId(), ...entry }));
  };
}
