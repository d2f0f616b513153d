import { and, asc, eq, inArray, isNotNull, isNull, not, sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import type { Postgres } from "../database/postgres-connection.ts";
import { waitForKeepers } from "../database/postgres-removed-project.ts";
import { AppError } from "../errors.ts";
import type { AppendInPostgres } from "../record/postgres-append.ts";
import type { Expire, ExpiryStore } from "./expiry-store.ts";
import type { ObjectId, TaggedObject } from "./object-table.ts";
import { clock, type Passed } from "./postgres-clock.ts";
import { count, isObject, withTags } from "./postgres-object-table.ts";
import { storedObject } from "./postgres-schema.ts";

type Transaction = Pick<BunSQLDatabase, "execute" | "select" | "selectDistinct" | "insert" | "update">;

const { projectId, objectId, sizeBytes, storedAt, expiredAt, isRemoved } = storedObject;

export function createPostgresExpiry(postgres: Postgres, passed: Passed, append?: AppendInPostgres): ExpiryStore {
  return {
    expire: (request) => postgres.run((db) => db.transaction((tx) => expire(tx, request, passed, append))),
    listExpired: (limit) =>
      postgres.run((db) =>
        db
          .select({ projectId, objectId })
          .from(storedObject)
          .where(and(isNotNull(expiredAt), not(isRemoved)))
          .orderBy(asc(expiredAt))
          .limit(limit),
      ),
    markRemoved: (ids) =>
      postgres.run((db) =>
        db.transaction(async (tx) => {
          for (const id of ids) await tx.update(storedObject).set({ isRemoved: true }).where(isObject(id));
        }),
      ),
    forget: (longerAgoMs) =>
      postgres.run(async (db) => {
        await db.execute(sql`
          delete from stored_object where expired_at is not null and is_removed
          and expired_at < ${clock(passed)} - ${longerAgoMs}::float8 * interval '1 millisecond'`);
      }),
  };
}

/** Throws `not_found` in a transaction that wants to tag an expired object. */
export async function refuseExpired(tx: Pick<BunSQLDatabase, "select">, id: ObjectId): Promise<void> {
  const rows = await tx
    .select({ objectId })
    .from(storedObject)
    .where(and(isObject(id), isNotNull(expiredAt)));
  if (rows.length > 0) throw new AppError("not_found", `Object with ID ${id.objectId} does not exist`);
}

async function expire(
  tx: Transaction,
  request: Expire,
  passed: Passed,
  append: AppendInPostgres | undefined,
): Promise<TaggedObject[] | undefined> {
  await waitForKeepers(tx, request.projectId);
  const leases = await tx.execute(sql`
    select id from retention_state where lease_holder = ${request.holder} and lease_until > ${clock(passed)} for share`);
  if (leases.length === 0) return undefined;
  const isWanted = inArray(objectId, [...request.objectIds]);
  const rows = await tx
    .select({ projectId, objectId, sizeBytes, storedAt })
    .from(storedObject)
    .where(and(eq(projectId, request.projectId), isWanted, isNull(expiredAt)))
    .orderBy(asc(objectId))
    .for("update");
  const due = (await withTags(tx, rows)).filter(request.isDue);
  if (due.length === 0) return [];
  const ids = due.map((object) => object.objectId);
  await tx
    .update(storedObject)
    .set({ expiredAt: clock(passed) })
    .where(and(eq(projectId, request.projectId), inArray(objectId, ids)));
  await removeResults(tx, request.projectId, ids);
  const bytes = due.reduce((sum, object) => sum + object.sizeBytes, 0);
  await count(tx, request.projectId, -bytes, -due.length);
  for (const object of due) {
    const facts = { projectId: object.projectId, objectId: object.objectId, bytes: object.sizeBytes };
    await append?.(tx, { event: "result.expired", actor: request.actor, ...facts, outcome: "ok" });
  }
  return due;
}

/** Removes the objects' results, links and hashes, and the tags that no result has any more. */
async function removeResults(tx: Pick<BunSQLDatabase, "execute">, project: string, ids: readonly string[]) {
  const list = sql`(select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::text::json))`;
  const links = await tx.execute<{ tag_id: number }>(sql`
    delete from taggedresult using tag, result
    where tag.id = taggedresult.tag_id and tag.project_id = ${project}
      and result.id = taggedresult.result_id and result.object_id in ${list}
    returning tag_id`);
  await tx.execute(sql`
    delete from result where object_id in ${list}
    and not exists (select from taggedresult where taggedresult.result_id = result.id)`);
  await tx.execute(sql`delete from object_digest where project_id = ${project} and object_id in ${list}`);
  const tagIds = [...new Set(links.map((link) => link.tag_id))].sort((a, b) => a - b);
  if (tagIds.length === 0) return;
  await tx.execute(sql`
    delete from tag where id in (select value::integer from json_array_elements_text(${JSON.stringify(tagIds)}::text::json))
    and not exists (select from taggedresult where taggedresult.tag_id = tag.id)`);
}
