import { and, eq, inArray, min, sql, TransactionRollbackError } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import { onceFor } from "../database/once-for.ts";
import type { Postgres } from "../database/postgres-connection.ts";
import { isRemoved, keepFromRemoval, noteRemoval, removedProject } from "../database/postgres-removed-project.ts";
import { provePostgresWrite } from "../database/postgres-usability.ts";
import type { AppendInPostgres } from "../record/postgres-append.ts";
import type { Catalog, NewTaggedResult } from "./catalog.ts";
import { result, tag, taggedResult } from "./postgres-schema.ts";

/** Called within the transaction. Throws if the object must not be tagged any more. */
type RefuseInPostgres = (
  tx: Pick<BunSQLDatabase, "select">,
  id: Pick<NewTaggedResult, "projectId" | "objectId">,
) => Promise<void>;

/** A catalog in the tables that the Python services created. `close` closes the shared connection pool. */
export function createPostgresCatalog(
  postgres: Postgres,
  append?: AppendInPostgres,
  refuse?: RefuseInPostgres,
): Catalog {
  return {
    tag: (entry) => postgres.run((db) => tagObject(db, entry, refuse)),
    findFilename: (clientId, objectId) =>
      postgres.run(async (db) => {
        const [row] = await filenameQuery(db).execute({ clientId, objectId });
        return row?.filename;
      }),
    listTags: (projectId) =>
      postgres.run(async (db) => {
        const rows = await tagsQuery(db).execute({ projectId });
        return rows.map(({ tagName }) => tagName);
      }),
    listTagged: (projectId, tagName) => postgres.run((db) => taggedQuery(db).execute({ projectId, tagName })),
    removeProject: (projectId, analysisIds = [], actor) =>
      postgres.run((db) =>
        db.transaction(async (tx) => {
          const removed = await removeProject(tx, projectId, analysisIds);
          await append?.(tx, { event: "project.deleted", actor, projectId, outcome: "ok" });
          return removed;
        }),
      ),
    isRemoved: (projectId) => postgres.run((db) => isRemoved(db, projectId)),
    listRemoved: () =>
      postgres.run(async (db) => (await db.select().from(removedProject)).map(({ projectId }) => projectId)),
    check: () => provePostgresWrite(postgres),
    close: postgres.close,
  };
}

// The empty name builds the query once, but does not prepare it on the server: behind a pooler each transaction may run
// in another session.
const filenameQuery = onceFor((db: BunSQLDatabase) =>
  db
    .select({ filename: result.filename })
    .from(result)
    .where(and(eq(result.clientId, sql.placeholder("clientId")), eq(result.objectId, sql.placeholder("objectId"))))
    .prepare(""),
);

const tagsQuery = onceFor((db: BunSQLDatabase) =>
  db
    .select({ tagName: tag.tagName })
    .from(tag)
    .where(eq(tag.projectId, sql.placeholder("projectId")))
    .orderBy(tag.id)
    .prepare(""),
);

const taggedQuery = onceFor((db: BunSQLDatabase) =>
  db
    .select({ objectId: result.objectId, filename: result.filename })
    .from(taggedResult)
    .innerJoin(tag, eq(taggedResult.tagId, tag.id))
    .innerJoin(result, eq(taggedResult.resultId, result.id))
    .where(and(eq(tag.projectId, sql.placeholder("projectId")), eq(tag.tagName, sql.placeholder("tagName"))))
    .groupBy(result.id)
    .orderBy(min(taggedResult.id))
    .prepare(""),
);

type Transaction = Pick<BunSQLDatabase, "execute" | "insert" | "select" | "delete">;

async function tagObject(
  db: BunSQLDatabase,
  entry: NewTaggedResult,
  refuse?: RefuseInPostgres,
): Promise<{ readonly knownAs: string } | undefined> {
  let knownAs = entry.filename;
  let isGone = false;
  try {
    await db.transaction(async (tx) => {
      await keepFromRemoval(tx, entry.projectId);
      await refuse?.(tx, entry);
      if (await linkNewResult(tx, entry)) return;
      isGone = await isRemoved(tx, entry.projectId);
      if (isGone) return;
      knownAs = await linkResult(tx, entry);
      if (knownAs !== entry.filename) tx.rollback();
    });
  } catch (error) {
    if (!(error instanceof TransactionRollbackError)) {
      throw error;
    }
  }
  return isGone ? undefined : { knownAs };
}

/**
 * Tags a result that has no row yet, in one statement and so one round trip. A new result has no links yet, so no check
 * for an existing link is needed. Returns `false` and changes nothing if the result has a row or the project was
 * removed: the tag and the link are only written if the result's row was.
 */
async function linkNewResult(tx: Transaction, entry: NewTaggedResult): Promise<boolean> {
  const { projectId, clientId, objectId, tagName, filename } = entry;
  const links = await tx.execute(sql`
    with new_result as (
      insert into ${result} (client_id, object_id, filename) select ${clientId}, ${objectId}::uuid, ${filename}
      where not exists (select from ${removedProject} where ${removedProject.projectId} = ${projectId})
      on conflict (client_id, object_id) do nothing returning id
    ), its_tag as (
      insert into ${tag} (tag_name, project_id) select ${tagName}, ${projectId} from new_result
      on conflict (tag_name, project_id) do update set tag_name = excluded.tag_name returning id
    )
    insert into ${taggedResult} (tag_id, result_id) select its_tag.id, new_result.id from its_tag, new_result returning id`);
  return links.length > 0;
}

/**
 * Tags a result that may have a row. Both upserts update an existing row without changing it, which locks it. So
 * another transaction that tags the same pair waits, and then sees the link. Resolves with the result's file name. If
 * that is not the entry's name, it links nothing.
 */
async function linkResult(tx: Transaction, entry: NewTaggedResult): Promise<string> {
  const { projectId, clientId, objectId, tagName, filename } = entry;
  await tx
    .insert(tag)
    .values({ tagName, projectId })
    .onConflictDoUpdate({ target: [tag.tagName, tag.projectId], set: { tagName } });
  const [known] = await tx
    .insert(result)
    .values({ clientId, objectId, filename })
    .onConflictDoUpdate({ target: [result.clientId, result.objectId], set: { clientId } })
    .returning({ filename: result.filename });
  if (known !== undefined && known.filename !== filename) return known.filename;
  await tx.execute(sql`
    insert into ${taggedResult} (tag_id, result_id)
    select ${tag.id}, ${result.id} from ${tag}, ${result}
    where ${tag.tagName} = ${tagName} and ${tag.projectId} = ${projectId}
      and ${result.clientId} = ${clientId} and ${result.objectId} = ${objectId}
      and not exists (
        select from ${taggedResult} where ${taggedResult.tagId} = ${tag.id} and ${taggedResult.resultId} = ${result.id}
      )`);
  return filename;
}

/**
 * Locks the tags before the results, in the same order as tagging. The database deletes links with their tag or result.
 */
async function removeProject(
  tx: Transaction,
  projectId: string,
  analysisIds: readonly string[],
): Promise<readonly string[]> {
  await noteRemoval(tx, projectId);
  const isOfProject = eq(tag.projectId, projectId);
  await tx.select({ id: tag.id }).from(tag).where(isOfProject).orderBy(tag.id).for("update");
  const tagged = tx
    .select({ id: taggedResult.resultId })
    .from(taggedResult)
    .innerJoin(tag, eq(taggedResult.tagId, tag.id))
    .where(isOfProject);
  await tx.delete(result).where(inArray(result.id, tagged));
  await tx.delete(tag).where(isOfProject);
  return removeSubmissions(tx, projectId, analysisIds);
}

/**
 * Deletes rows of the queue of final results and of the release gate. The catalog does this itself, so that it happens
 * in the same transaction.
 */
async function removeSubmissions(tx: Transaction, projectId: string, analysisIds: readonly string[]) {
  const removed = await tx.execute<{ id: string }>(
    sql`delete from submission where project_id = ${projectId} returning id`,
  );
  await tx.execute(sql`delete from release_decision where project_id = ${projectId}`);
  for (const analysisId of analysisIds) {
    await tx.execute(sql`delete from release_decision where project_id is null and analysis_id = ${analysisId}`);
    removed.push(
      ...(await tx.execute<{ id: string }>(
        sql`delete from submission where project_id is null and analysis_id = ${analysisId} returning id`,
      )),
    );
  }
  return removed.map(({ id }) => id);
}
