import { and, asc, eq, gt, inArray, isNotNull, isNull, lt, not, sql } from "drizzle-orm";
import type { Sqlite, SqliteDatabase } from "../database/sqlite-connection.ts";
import { AppError } from "../errors.ts";
import type { AppendInSqlite } from "../record/sqlite-append.ts";
import type { Expire, ExpiryStore } from "./expiry-store.ts";
import type { ObjectId, TaggedObject } from "./object-table.ts";
import { count, isObject, withTags } from "./sqlite-object-table.ts";
import { retentionState, storedObject } from "./sqlite-schema.ts";

type Transaction = Pick<SqliteDatabase, "select" | "selectDistinct" | "insert" | "update" | "run" | "all">;

const immediate = { behavior: "immediate" } as const;
const { projectId, objectId, sizeBytes, storedAt, expiredAt, isRemoved } = storedObject;

export function createSqliteExpiry(sqlite: Sqlite, now: () => number, append?: AppendInSqlite): ExpiryStore {
  return {
    expire: (request) => sqlite.run((db) => db.transaction((tx) => expire(tx, request, now(), append), immediate)),
    listExpired: (limit) =>
      sqlite.run((db) =>
        db
          .select({ projectId, objectId })
          .from(storedObject)
          .where(and(isNotNull(expiredAt), not(isRemoved)))
          .orderBy(asc(expiredAt))
          .limit(limit)
          .all(),
      ),
    markRemoved: (ids) =>
      sqlite.run((db) =>
        db.transaction((tx) => {
          for (const id of ids) tx.update(storedObject).set({ isRemoved: true }).where(isObject(id)).run();
        }, immediate),
      ),
    forget: (longerAgoMs) =>
      sqlite.run((db) => {
        db.delete(storedObject)
          .where(and(isNotNull(expiredAt), isRemoved, lt(expiredAt, new Date(now() - longerAgoMs))))
          .run();
      }),
  };
}

/** Throws `not_found` in a transaction that wants to tag an expired object. */
export function refuseExpired(tx: Pick<SqliteDatabase, "select">, id: ObjectId): void {
  const row = tx
    .select({ objectId })
    .from(storedObject)
    .where(and(isObject(id), isNotNull(expiredAt)))
    .get();
  if (row !== undefined) throw new AppError("not_found", `Object with ID ${id.objectId} does not exist`);
}

function expire(
  tx: Transaction,
  request: Expire,
  nowMs: number,
  append: AppendInSqlite | undefined,
): TaggedObject[] | undefined {
  const { leaseHolder, leaseUntil } = retentionState;
  const isHeld = and(eq(leaseHolder, request.holder), gt(leaseUntil, new Date(nowMs)));
  if (tx.select({ id: retentionState.id }).from(retentionState).where(isHeld).get() === undefined) return undefined;
  const isWanted = inArray(objectId, [...request.objectIds]);
  const rows = tx
    .select({ projectId, objectId, sizeBytes, storedAt })
    .from(storedObject)
    .where(and(eq(projectId, request.projectId), isWanted, isNull(expiredAt)))
    .all();
  const due = withTags(tx, rows).filter(request.isDue);
  if (due.length === 0) return [];
  const ids = due.map((object) => object.objectId);
  tx.update(storedObject)
    .set({ expiredAt: new Date(nowMs) })
    .where(and(eq(projectId, request.projectId), inArray(objectId, ids)))
    .run();
  removeResults(tx, request.projectId, ids);
  const bytes = due.reduce((sum, object) => sum + object.sizeBytes, 0);
  count(tx, request.projectId, -bytes, -due.length);
  for (const object of due) {
    const facts = { projectId: object.projectId, objectId: object.objectId, bytes: object.sizeBytes };
    append?.(tx, { event: "result.expired", actor: request.actor, ...facts, outcome: "ok" });
  }
  return due;
}

/** Removes the objects' results, links and hashes, and the tags that no result has any more. */
function removeResults(tx: Pick<SqliteDatabase, "run" | "all">, project: string, ids: readonly string[]): void {
  const list = sql`(select value from json_each(${JSON.stringify(ids)}))`;
  const links = tx.all<{ tag_id: number }>(sql`
    delete from taggedresult where tag_id in (select id from tag where project_id = ${project})
      and result_id in (select id from result where object_id in ${list})
    returning tag_id`);
  tx.run(sql`
    delete from result where object_id in ${list}
    and not exists (select 1 from taggedresult where taggedresult.result_id = result.id)`);
  tx.run(sql`delete from object_digest where project_id = ${project} and object_id in ${list}`);
  const tagIds = [...new Set(links.map((link) => link.tag_id))];
  tx.run(sql`
    delete from tag where id in (select value from json_each(${JSON.stringify(tagIds)}))
    and not exists (select 1 from taggedresult where taggedresult.tag_id = tag.id)`);
}
