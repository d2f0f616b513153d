import { and, asc, desc, eq, inArray, isNull, type SQL, sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import { result, tag, taggedResult } from "../catalog/postgres-schema.ts";
import type { Postgres } from "../database/postgres-connection.ts";
import { keepFromRemoval, removedProject } from "../database/postgres-removed-project.ts";
import type { KnownObject, ObjectId, ObjectTable, TaggedObject } from "./object-table.ts";
import { type Passed, steadyClock } from "./postgres-clock.ts";
import { dailyUsage, projectUsage, storedObject } from "./postgres-schema.ts";

type Transaction = Pick<BunSQLDatabase, "execute" | "select" | "insert">;

const { projectId, objectId, sizeBytes, storedAt, expiredAt } = storedObject;
const known = { projectId, objectId, sizeBytes, storedAt };
const isKept = isNull(expiredAt);

export function createPostgresObjectTable(postgres: Postgres, passed: Passed): ObjectTable {
  return {
    add: (object, reservationId) =>
      postgres.run((db) =>
        db.transaction(async (tx) => {
          const rows = await tx.execute(sql`
            insert into stored_object (project_id, object_id, size_bytes, stored_at)
            values (${object.projectId}, ${object.objectId}, ${object.sizeBytes}, ${steadyClock(passed)})
            on conflict do nothing returning object_id`);
          if (rows.length > 0) await count(tx, object.projectId, object.sizeBytes, 1);
          if (reservationId !== undefined)
            await tx.execute(sql`delete from usage_reservation where id = ${reservationId}`);
        }),
      ),
    addListed: (objects) => postgres.run((db) => db.transaction((tx) => addListed(tx, objects, passed))),
    remove: (id) =>
      postgres.run((db) =>
        db.transaction(async (tx) => {
          const [row] = await tx.delete(storedObject).where(isObject(id)).returning(storedObjectFacts);
          if (row !== undefined && row.expiredAt === null) await count(tx, id.projectId, -row.sizeBytes, -1);
        }),
      ),
    removeProject: (project) =>
      postgres.run((db) =>
        db.transaction(async (tx) => {
          await tx.delete(storedObject).where(eq(projectId, project));
          await tx.delete(projectUsage).where(eq(projectUsage.projectId, project));
        }),
      ),

    page: (after, limit) =>
      postgres.run(async (db) => {
        const rows = await db
          .select(known)
          .from(storedObject)
          .where(and(isKept, isBehind(after)))
          .orderBy(asc(projectId), asc(objectId))
          .limit(limit);
        return withTags(db, rows);
      }),
    find: (id) =>
      postgres.run(async (db) => {
        const rows = await db
          .select(known)
          .from(storedObject)
          .where(and(isKept, isObject(id)));
        return (await withTags(db, rows))[0];
      }),
    listIds: (after, upTo, limit) =>
      postgres.run((db) =>
        db
          .select({ projectId, objectId })
          .from(storedObject)
          .where(
            and(
              isKept,
              isBehind(after),
              upTo && sql`(${projectId}, ${objectId}) <= (${upTo.projectId}::uuid, ${upTo.objectId}::uuid)`,
            ),
          )
          .orderBy(asc(projectId), asc(objectId))
          .limit(limit),
      ),
    capStoredAt: (latest) =>
      postgres.run(async (db) => {
        await db
          .update(storedObject)
          .set({ storedAt: latest })
          .where(sql`${storedAt} > ${latest.toISOString()}::timestamptz`);
      }),

    ...usageIn(postgres),
  };
}

function usageIn(postgres: Postgres) {
  const { projectId: project, bytes, objects } = projectUsage;
  return {
    usageOf: (id) =>
      postgres.run(async (db) => {
        const [row] = await db.select({ bytes, objects }).from(projectUsage).where(eq(project, id));
        return row ?? { bytes: 0, objects: 0 };
      }),
    listUsage: (offset, limit) =>
      postgres.run((db) =>
        db
          .select({ projectId: project, bytes, objects })
          .from(projectUsage)
          .orderBy(desc(bytes), asc(project))
          .offset(offset)
          .limit(limit),
      ),
    readNode: () =>
      postgres.run(async (db) => {
        const [row] = await db.execute<Record<string, unknown>>(sql`
          select count(*) as projects, coalesce(sum(bytes), 0) as bytes, coalesce(sum(objects), 0) as objects,
            (select coalesce(sum(bytes), 0) from usage_reservation) as reserved,
            (select coalesce(sum(size_bytes), 0) from submission where state in ('held', 'queued', 'delivering')) as waiting
          from project_usage`);
        const [projects = 0, bytes = 0, objects = 0, reservedBytes = 0, waitingBytes = 0] = [
          ...["projects", "bytes", "objects", "reserved", "waiting"].map((name) => Number(row?.[name] ?? 0)),
        ];
        return { projects, bytes, objects, reservedBytes, waitingBytes };
      }),
    recount: () =>
      postgres.run((db) =>
        db.transaction(async (tx) => {
          // Other transactions change the sums either before this lock or after the recount, so no change is lost.
          await tx.execute(sql`lock table project_usage in exclusive mode`);
          await tx.delete(projectUsage);
          await tx.execute(sql`
            insert into project_usage (project_id, bytes, objects)
            select project_id, sum(size_bytes), count(*) from stored_object where expired_at is null group by project_id`);
        }),
      ),
    noteDay: (day, keepFrom) =>
      postgres.run(async (db) => {
        await db.execute(sql`
          with old as (delete from daily_usage where day < ${keepFrom}::date)
          insert into daily_usage (day, bytes, objects)
          select ${day}::date, coalesce(sum(bytes), 0), coalesce(sum(objects), 0) from project_usage
          on conflict (day) do update set bytes = excluded.bytes, objects = excluded.objects`);
      }),
    listDays: () => postgres.run((db) => db.select().from(dailyUsage).orderBy(asc(dailyUsage.day))),
  } satisfies Partial<ObjectTable>;
}

const storedObjectFacts = { sizeBytes, expiredAt };

export function isObject(id: ObjectId): SQL | undefined {
  return and(eq(projectId, id.projectId), eq(objectId, id.objectId));
}

function isBehind(after: ObjectId | undefined): SQL | undefined {
  return after && sql`(${projectId}, ${objectId}) > (${after.projectId}::uuid, ${after.objectId}::uuid)`;
}

/** Adds to the sums of a project; negative numbers subtract. */
export async function count(tx: Pick<BunSQLDatabase, "execute">, project: string, bytes: number, objects: number) {
  await tx.execute(sql`
    insert into project_usage (project_id, bytes, objects) values (${project}, ${bytes}, ${objects})
    on conflict (project_id) do update
    set bytes = project_usage.bytes + excluded.bytes, objects = project_usage.objects + excluded.objects`);
}

async function addListed(tx: Transaction, objects: readonly KnownObject[], passed: Passed): Promise<ObjectId[]> {
  const projects = [...new Set(objects.map((object) => object.projectId))].sort();
  for (const project of projects) await keepFromRemoval(tx, project);
  // The store's clock may be fast: no object was stored later than now.
  const added = await tx.execute<{ project_id: string; object_id: string; size_bytes: string | number }>(sql`
    insert into stored_object (project_id, object_id, size_bytes, stored_at)
    select "projectId", "objectId", "sizeBytes", least("storedAt", ${steadyClock(passed)})
    from json_to_recordset(${JSON.stringify(objects)}::text::json)
      as listed("projectId" uuid, "objectId" uuid, "sizeBytes" bigint, "storedAt" timestamptz)
    where not exists (select from ${removedProject} where ${removedProject.projectId} = "projectId")
    on conflict do nothing returning project_id, object_id, size_bytes`);
  for (const project of projects) {
    const own = added.filter((row) => row.project_id === project);
    const bytes = own.reduce((sum, row) => sum + Number(row.size_bytes), 0);
    if (own.length > 0) await count(tx, project, bytes, own.length);
  }
  return added.map((row) => ({ projectId: row.project_id, objectId: row.object_id }));
}

/** Adds to each object the tags of its own project. */
export async function withTags(
  db: Pick<BunSQLDatabase, "selectDistinct">,
  rows: readonly KnownObject[],
): Promise<TaggedObject[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.objectId);
  const links = await db
    .selectDistinct({ projectId: tag.projectId, objectId: result.objectId, tagName: tag.tagName })
    .from(result)
    .innerJoin(taggedResult, eq(taggedResult.resultId, result.id))
    .innerJoin(tag, eq(taggedResult.tagId, tag.id))
    .where(inArray(result.objectId, ids));
  const tags = Map.groupBy(links, (link) => `${link.projectId} ${link.objectId}`);
  return rows.map((row) => {
    const own = tags.get(`${row.projectId} ${row.objectId}`) ?? [];
    return { ...row, tags: own.map(({ tagName }) => tagName) };
  });
}
