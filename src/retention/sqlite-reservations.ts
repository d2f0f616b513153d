import { eq, lt, type SQL, sql } from "drizzle-orm";
import type { Sqlite, SqliteDatabase } from "../database/sqlite-connection.ts";
import { judgeReserve } from "./judge-reserve.ts";
import type { Grant, Reservations, Reserve } from "./reservations.ts";
import { steadyClock } from "./sqlite-clock.ts";
import { reservation } from "./sqlite-schema.ts";

type Transaction = Pick<SqliteDatabase, "select" | "insert" | "all">;

export function createSqliteReservations(sqlite: Sqlite, now: () => number): Reservations {
  return {
    reserve: (request) =>
      sqlite.run((db) => db.transaction((tx) => reserve(tx, request, now), { behavior: "immediate" })),
    release: (id) => sqlite.run((db) => void db.delete(reservation).where(eq(reservation.id, id)).run()),
    renew: (holder) =>
      sqlite.run((db) => {
        const renewedAt = steadyClock(db, now);
        db.update(reservation).set({ renewedAt }).where(eq(reservation.holder, holder)).run();
      }),
    dropStale: (longerAgoMs) =>
      sqlite.run((db) => {
        const end = new Date(steadyClock(db, now).getTime() - longerAgoMs);
        return db.delete(reservation).where(lt(reservation.renewedAt, end)).returning({ id: reservation.id }).all()
          .length;
      }),
  };
}

/** Sums up the whole node only if it has a quota, since many projects are many rows. */
function reserve(tx: Transaction, request: Reserve, now: () => number): Grant {
  const { id, projectId, holder, nodeQuota } = request;
  const ifCounted = (sum: SQL) => sql`case when ${nodeQuota} > 0 then (${sum}) else 0 end`;
  const node = ifCounted(sql`select coalesce(sum(bytes), 0) from project_usage`);
  const waiting = ifCounted(sql`
    select coalesce(sum(size_bytes), 0) from submission where state in ('held', 'queued', 'delivering')`);
  const [row] = tx.all<Record<string, number>>(sql`
    select
      (select coalesce(sum(bytes), 0) from project_usage where project_id = ${projectId}) as project,
      (select coalesce(sum(bytes), 0) from usage_reservation where project_id = ${projectId} and id <> ${id}) as promised,
      ${node} as node,
      (select coalesce(sum(bytes), 0) from usage_reservation where id <> ${id}) as node_promised,
      ${waiting} as waiting,
      (select coalesce(sum(bytes), 0) from usage_reservation where id = ${id}) as own`);
  const numberOf = (name: string) => row?.[name] ?? 0;
  const grant = judgeReserve(request, {
    projectBytes: numberOf("project") + numberOf("promised"),
    nodeBytes: numberOf("node") + numberOf("node_promised") + numberOf("waiting"),
    ownBytes: numberOf("own"),
  });
  if ("granted" in grant) {
    const renewedAt = steadyClock(tx, now);
    tx.insert(reservation)
      .values({ id, projectId, bytes: grant.granted, holder, renewedAt })
      .onConflictDoUpdate({
        target: reservation.id,
        set: { bytes: sql`${reservation.bytes} + ${grant.granted}`, renewedAt },
      })
      .run();
  }
  return grant;
}
