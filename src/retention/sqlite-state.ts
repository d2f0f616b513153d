import { and, eq, sql } from "drizzle-orm";
import type { Sqlite } from "../database/sqlite-connection.ts";
import type { RetentionStateStore } from "./retention-state.ts";
import { retentionState } from "./sqlite-schema.ts";
import { asState, columnsOf } from "./state-row.ts";

const isTheRow = eq(retentionState.id, 1);

export function createSqliteState(sqlite: Sqlite, now: () => number): RetentionStateStore {
  return {
    acquire: ({ holder, leaseMs }) =>
      sqlite.run((db) => {
        const nowMs = now();
        const rows = db.all(sql`
          insert into retention_state (id, lease_holder, lease_until) values (1, ${holder}, ${nowMs + leaseMs})
          on conflict (id) do update set lease_holder = excluded.lease_holder, lease_until = excluded.lease_until
          where retention_state.lease_holder is null or retention_state.lease_holder = ${holder}
            or not retention_state.lease_until between ${nowMs} and ${nowMs + leaseMs + 60_000}
          returning id`);
        return rows.length > 0;
      }),
    release: (holder) =>
      sqlite.run((db) => {
        db.update(retentionState)
          .set({ leaseHolder: null, leaseUntil: null })
          .where(and(isTheRow, eq(retentionState.leaseHolder, holder)))
          .run();
      }),
    read: () =>
      sqlite.run((db) => {
        const row = db.select().from(retentionState).where(isTheRow).get();
        return { state: asState(row), now: new Date(now()) };
      }),
    write: (holder, changes) =>
      sqlite.run((db) => {
        const rows = db
          .update(retentionState)
          .set(columnsOf(changes))
          .where(and(isTheRow, eq(retentionState.leaseHolder, holder)))
          .returning({ id: retentionState.id })
          .all();
        return rows.length > 0;
      }),
  };
}
