import { and, asc, desc, eq, gt, inArray, isNull, type SQL, sql } from "drizzle-orm";
import { result, tag, taggedResult } from "../catalog/sqlite-schema.ts";
import type { Sqlite, SqliteDatabase } from "../database/sqlite-connection.ts";
import { isRemoved } from "../database/sqlite-removed-project.ts";
import type { KnownObject, ObjectId, ObjectTable, TaggedObject } from "./object-table.ts";
import { steadyClock } from "./sqlite-clock.ts";
import { dailyUsage, projectUsage, reservation, storedObject } from "./sqlite-schema.ts";

type Transaction = Pick<SqliteDatabase, "select" | "insert" | "delete" | "run">;

const immediate = { behavior: "immediate" } as const;
const { projectId, objectId, sizeBytes, storedAt, expiredAt } = storedObject;
const known = { projectId, objectId, sizeBytes, storedAt };
const isKept = isNull(expiredAt);

export function createSqliteObjectTable(sqlite: Sqlite, now: () => number): ObjectTable {
  const inTransaction = <T>(work: (tx: Transaction) => T) => sqlite.run((db) => db.transaction(work, immediate));
  return {
    add: (object, reservationId) =>
      inTransaction((tx) => {
        insert(tx, { ...object, storedAt: steadyClock(tx, now) });
        if (reservationId !== undefined) tx.delete(reservation).where(eq(reservation.id, reservationId)).run();
      }),
    addListed: (objects) =>
      inTransaction((tx) => {
        const latest = steadyClock(tx, now);
        return objects.filter((object) => {
          if (isRemoved(tx, object.projectId)) return false;
          // The store's clock may be fast: no object was stored later than now.
          const isLater = object.storedAt > latest;
          return insert(tx, { ...object, storedAt: isLater ? latest : object.storedAt });
        });
      }),
    remove: (id) =>
      inTransaction((tx) => {
        const row = tx.delete(storedObject).where(isObject(id)).returning({ sizeBytes, expiredAt }).get();
        if (row !== undefined && row.expiredAt === null) count(tx, id.projectId, -row.sizeBytes, -1);
      }),
    removeProject: (project) =>
      inTransaction((tx) => {
        tx.delete(storedObject).where(eq(projectId, project)).run();
        tx.delete(projectUsage).where(eq(projectUsage.projectId, project)).run();
      }),

    page: (after, limit) =>
      sqlite.run((db) => {
        const rows = db
          .select(known)
          .from(storedObject)
          .where(and(isKept, isBehind(after)))
          .orderBy(asc(projectId), asc(objectId))
          .limit(limit)
          .all();
        return withTags(db, rows);
      }),
    find: (id) =>
      sqlite.run((db) => {
        const rows = db
          .select(known)
          .from(storedObject)
          .where(and(isKept, isObject(id)))
          .all();
        return withTags(db, rows)[0];
      }),
    listIds: (after, upTo, limit) =>
      sqlite.run((db) =>
        db
          .select({ projectId, objectId })
          .from(storedObject)
          .where(
            and(
              isKept,
              isBehind(after),
              upTo && sql`(${projectId}, ${objectId}) <= (${upTo.projectId}, ${upTo.objectId})`,
            ),
          )
          .orderBy(asc(projectId), asc(objectId))
          .limit(limit)
          .all(),
      ),
    capStoredAt: (latest) =>
      sqlite.run((db) => void db.update(storedObject).set({ storedAt: latest }).where(gt(storedAt, latest)).run()),

    ...usageIn(sqlite),
  };
}

function usageIn(sqlite: Sqlite) {
  const { projectId: project, bytes, objects } = projectUsage;
  return {
    usageOf: (id) =>
      sqlite.run(
        (db) =>
          db.select({ bytes, objects }).from(projectUsage).where(eq(project, id)).get() ?? { bytes: 0, objects: 0 },
      ),
    listUsage: (offset, limit) =>
      sqlite.run((db) =>
        db
          .select({ projectId: project, bytes, objects })
          .from(projectUsage)
          .orderBy(desc(bytes), asc(project))
          .offset(offset)
          .limit(limit)
          .all(),
      ),
    readNode: () =>
      sqlite.run((db) => {
        const [row] = db.all<Record<string, number>>(sql`
          select count(*) as projects, coalesce(sum(bytes), 0) as bytes, coalesce(sum(objects), 0) as objects,
            (select coalesce(sum(bytes), 0) from usage_reservation) as reserved,
            (select coalesce(sum(size_bytes), 0) from submission where state in ('held', 'queued', 'delivering')) as waiting
          from project_usage`);
        const { projects = 0, bytes = 0, objects = 0, reserved = 0, waiting = 0 } = row ?? {};
        return { projects, bytes, objects, reservedBytes: reserved, waitingBytes: waiting };
      }),
    recount: () =>
      sqlite.run((db) =>
        db.transaction((tx) => {
          tx.delete(projectUsage).run();
          tx.run(sql`
            insert into project_usage (project_id, bytes, objects)
            select project_id, sum(size_bytes), count(*) from stored_object where expired_at is null group by project_id`);
        }, immediate),
      ),
    noteDay: (day, keepFrom) =>
      sqlite.run((db) =>
        db.transaction((tx) => {
          tx.run(sql`delete from daily_usage where day < ${keepFrom}`);
          tx.run(sql`
            insert into daily_usage (day, bytes, objects)
            select ${day}, coalesce(sum(bytes), 0), coalesce(sum(objects), 0) from project_usage where true
            on conflict (day) do update set bytes = excluded.bytes, objects = excluded.objects`);
        }, immediate),
      ),
    listDays: () => sqlite.run((db) => db.select().from(dailyUsage).orderBy(asc(dailyUsage.day)).all()),
  } satisfies Partial<ObjectTable>;
}

export function isObject(id: ObjectId): SQL | undefined {
  return and(eq(projectId, id.projectId), eq(objectId, id.objectId));
}

function isBehind(after: ObjectId | undefined): SQL | undefined {
  return after && sql`(${projectId}, ${objectId}) > (${after.projectId}, ${after.objectId})`;
}

/** Adds to the sums of a project; negative numbers subtract. */
export function count(tx: Pick<SqliteDatabase, "run">, project: string, bytes: number, objects: number): void {
  tx.run(sql`
    insert into project_usage (project_id, bytes, objects) values (${project}, ${bytes}, ${objects})
    on conflict (project_id) do update
    set bytes = project_usage.bytes + excluded.bytes, objects = project_usage.objects + excluded.objects`);
}

/** Returns whether the object was new. */
function insert(tx: Transaction, object: KnownObject): boolean {
  const added = tx.insert(storedObject).values(object).onConflictDoNothing().returning({ objectId }).get();
  if (added !== undefined) count(tx, object.projectId, object.sizeBytes, 1);
  return added !== undefined;
}

/** Adds to each object the tags of its own project. */
export function withTags(db: Pick<SqliteDatabase, "selectDistinct">, rows: readonly KnownObject[]): TaggedObject[] {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.objectId);
  const links = db
    .selectDistinct({ projectId: tag.projectId, objectId: result.objectId, tagName: tag.tagName })
    .from(result)
    .innerJoin(taggedResult, eq(taggedResult.resultId, result.id))
    .innerJoin(tag, eq(taggedResult.tagId, tag.id))
    .where(inArray(result.objectId, ids))
    .all();
  const tags = Map.groupBy(links, (link) => `${link.projectId} ${link.objectId}`);
  return rows.map((row) => {
    const own = tags.get(`${row.projectId} ${row.objectId}`) ?? [];
    return { ...row, tags: own.map(({ tagName }) => tagName) };
  });
}
