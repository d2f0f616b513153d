import { type SQL, sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import type { Postgres } from "../database/postgres-connection.ts";
import { judgeReserve } from "./judge-reserve.ts";
import { type Passed, steadyClock } from "./postgres-clock.ts";
import type { Grant, Reservations, Reserve } from "./reservations.ts";

// An arbitrary number, which must be the same in every version of the service.
const quotaLock = 7_046_037;

export function createPostgresReservations(postgres: Postgres, passed: Passed): Reservations {
  return {
    // A repeat after a lost connection may reserve twice. The end of the upload frees both.
    reserve: (request) => postgres.run((db) => db.transaction((tx) => reserve(tx, request, passed))),
    release: (id) =>
      postgres.run(async (db) => void (await db.execute(sql`delete from usage_reservation where id = ${id}`))),
    renew: (holder) =>
      postgres.run(async (db) => {
        await db.execute(
          sql`update usage_reservation set renewed_at = ${steadyClock(passed)} where holder = ${holder}`,
        );
      }),
    dropStale: (longerAgoMs) =>
      postgres.run(async (db) => {
        const dropped = await db.execute(sql`
          delete from usage_reservation
          where renewed_at < ${steadyClock(passed)} - ${longerAgoMs}::float8 * interval '1 millisecond' returning id`);
        return dropped.length;
      }),
  };
}

/** Sums up the whole node only if it has a quota, since many projects are many rows. */
async function reserve(tx: Pick<BunSQLDatabase, "execute">, request: Reserve, passed: Passed): Promise<Grant> {
  await tx.execute(sql`select pg_advisory_xact_lock(${quotaLock})`);
  const { id, projectId, holder, nodeQuota } = request;
  const ifCounted = (sum: SQL) => sql`case when ${nodeQuota}::bigint > 0 then (${sum}) else 0 end`;
  const node = ifCounted(sql`select coalesce(sum(bytes), 0) from project_usage`);
  const waiting = ifCounted(sql`
    select coalesce(sum(size_bytes), 0) from submission where state in ('held', 'queued', 'delivering')`);
  // One statement reads all sums at the same moment, since an upload that ends turns its reservation into an object.
  const [row] = await tx.execute<Record<string, unknown>>(sql`
    select
      (select coalesce(sum(bytes), 0) from project_usage where project_id = ${projectId}) as project,
      (select coalesce(sum(bytes), 0) from usage_reservation where project_id = ${projectId} and id <> ${id}) as promised,
      ${node} as node,
      (select coalesce(sum(bytes), 0) from usage_reservation where id <> ${id}) as node_promised,
      ${waiting} as waiting,
      (select coalesce(sum(bytes), 0) from usage_reservation where id = ${id}) as own`);
  const numberOf = (name: string) => Number(row?.[name] ?? 0);
  const grant = judgeReserve(request, {
    projectBytes: numberOf("project") + numberOf("promised"),
    nodeBytes: numberOf("node") + numberOf("node_promised") + numberOf("waiting"),
    ownBytes: numberOf("own"),
  });
  if ("granted" in grant) {
    await tx.execute(sql`
      insert into usage_reservation (id, project_id, bytes, holder, renewed_at)
      values (${id}, ${projectId}, ${grant.granted}, ${holder}, ${steadyClock(passed)})
      on conflict (id) do update
      set bytes = usage_reservation.bytes + excluded.bytes, renewed_at = excluded.renewed_at`);
  }
  return grant;
}
