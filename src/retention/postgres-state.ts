import { and, eq, getTableColumns, sql } from "drizzle-orm";
import type { Postgres } from "../database/postgres-connection.ts";
import { clock, type Passed } from "./postgres-clock.ts";
import { retentionState } from "./postgres-schema.ts";
import type { RetentionStateStore } from "./retention-state.ts";
import { asState, columnsOf } from "./state-row.ts";

const isTheRow = eq(retentionState.id, 1);

export function createPostgresState(postgres: Postgres, passed: Passed): RetentionStateStore {
  const inMs = (ms: number) => sql`${clock(passed)} + ${ms}::float8 * interval '1 millisecond'`;
  return {
    acquire: ({ holder, leaseMs }) =>
      postgres.run(async (db) => {
        const rows = await db.execute(sql`
          insert into retention_state (id, lease_holder, lease_until) values (1, ${holder}, ${inMs(leaseMs)})
          on conflict (id) do update set lease_holder = excluded.lease_holder, lease_until = excluded.lease_until
          where retention_state.lease_holder is null or retention_state.lease_holder = ${holder}
            or not retention_state.lease_until between ${clock(passed)} and ${inMs(leaseMs + 60_000)}
          returning id`);
        return rows.length > 0;
      }),
    release: (holder) =>
      postgres.run(async (db) => {
        await db
          .update(retentionState)
          .set({ leaseHolder: null, leaseUntil: null })
          .where(and(isTheRow, eq(retentionState.leaseHolder, holder)));
      }),
    read: () =>
      postgres.run(async (db) => {
        const time = sql<string>`extract(epoch from ${clock(passed)}) * 1000`.mapWith(Number);
        const [row] = await db
          .select({ ...getTableColumns(retentionState), time })
          .from(retentionState)
          .where(isTheRow);
        if (row !== undefined) return { state: asState(row), now: new Date(Math.floor(row.time)) };
        const [alone] = await db.execute<{ time: string }>(sql`select ${time} as time`);
        return { state: asState(undefined), now: new Date(Math.floor(Number(alone?.time))) };
      }),
    write: (holder, changes) =>
      postgres.run(async (db) => {
        const rows = await db
          .update(retentionState)
          .set(columnsOf(changes))
          .where(and(isTheRow, eq(retentionState.leaseHolder, holder)))
          .returning({ id: retentionState.id });
        return rows.length > 0;
      }),
  };
}
