import type { Sqlite } from "../database/sqlite-connection.ts";
import type { AppendInSqlite } from "../record/sqlite-append.ts";
import type { RetentionStore } from "./retention-store.ts";
import { createSqliteExpiry } from "./sqlite-expiry.ts";
import { createSqliteObjectTable } from "./sqlite-object-table.ts";
import { createSqliteReservations } from "./sqlite-reservations.ts";
import { createSqliteSent } from "./sqlite-sent.ts";
import { createSqliteState } from "./sqlite-state.ts";

/** Keeps retention data in an SQLite file. `now` gives milliseconds since the epoch. */
export function createSqliteRetention(sqlite: Sqlite, now: () => number, append?: AppendInSqlite): RetentionStore {
  return {
    objects: createSqliteObjectTable(sqlite, now),
    expiry: createSqliteExpiry(sqlite, now, append),
    reservations: createSqliteReservations(sqlite, now),
    state: createSqliteState(sqlite, now),
    sent: createSqliteSent(sqlite, now),
  };
}
