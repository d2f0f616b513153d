import { and, eq, inArray, min, sql, TransactionRollbackError } from "drizzle-orm";
import { onceFor } from "../database/once-for.ts";
import type { Sqlite, SqliteDatabase } from "../database/sqlite-connection.ts";
import { isRemoved, removedProject } from "../database/sqlite-removed-project.ts";
import type { AppendInSqlite } from "../record/sqlite-append.ts";
import type { Catalog, NewTaggedResult } from "./catalog.ts";
import { result, tag, taggedResult } from "./sqlite-schema.ts";

/** Called within the transaction. Throws if the object must not be tagged any more. */
type RefuseInSqlite = (tx: Pick<SqliteDatabase, "select">, id: Pick<NewTaggedResult, "projectId" | "objectId">) => void;

/** A catalog in an SQLite file. `close` closes the shared connection. */
export function createSqliteCatalog(sqlite: Sqlite, append?: AppendInSqlite, refuse?: RefuseInSqlite): Catalog {
  return {
    tag: (entry) => sqlite.run((db) => tagObject(db, entry, refuse)),
    findFilename: (clientId, objectId) => sqlite.run((db) => filenameQuery(db).get({ clientId, objectId })?.filename),
    listTags: (projectId) =>
      sqlite.run((db) =>
        tagsQuery(db)
          .all({ projectId })
          .map(({ tagName }) => tagName),
      ),
    listTagged: (projectId, tagName) => sqlite.run((db) => taggedQuery(db).all({ projectId, tagName })),
    removeProject: (projectId, analysisIds = [], actor) =>
      sqlite.run((db) =>
        db.transaction(
          (tx) => {
            const removed = removeProject(tx, projectId, analysisIds);
            append?.(tx, { event: "project.deleted", actor, projectId, outcome: "ok" });
            return removed;
          },
          { behavior: "immediate" },
        ),
      ),
    isRemoved: (projectId) => sqlite.run((db) => isRemoved(db, projectId)),
    listRemoved: () =>
      sqlite.run((db) =>
        db
          .select()
          .from(removedProject)
          .all()
          .map(({ projectId }) => projectId),
      ),
    check: () =>
      sqlite.run((db) => {
        db.get(sql`select count(*) from sqlite_schema`);
      }),
    close: sqlite.close,
  };
}

const filenameQuery = onceFor((db: SqliteDatabase) =>
  db
    .select({ filename: result.filename })
    .from(result)
    .where(and(eq(result.clientId, sql.placeholder("clientId")), eq(result.objectId, sql.placeholder("objectId"))))
    .prepare(),
);

const tagsQuery = onceFor((db: SqliteDatabase) =>
  db
    .select({ tagName: tag.tagName })
    .from(tag)
    .where(eq(tag.projectId, sql.placeholder("projectId")))
    .orderBy(tag.id)
    .prepare(),
);

const taggedQuery = onceFor((db: SqliteDatabase) =>
  db
    .select({ objectId: result.objectId, filename: result.filename })
    .from(taggedResult)
    .innerJoin(tag, eq(taggedResult.tagId, tag.id))
    .innerJoin(result, eq(taggedResult.resultId, result.id))
    .where(and(eq(tag.projectId, sql.placeholder("projectId")), eq(tag.tagName, sql.placeholder("tagName"))))
    .groupBy(result.id)
    .orderBy(min(taggedResult.id))
    .prepare(),
);

function tagObject(
  db: SqliteDatabase,
  entry: NewTaggedResult,
  refuse?: RefuseInSqlite,
): { readonly knownAs: string } | undefined {
  const { projectId, clientId, objectId, tagName, filename } = entry;
  let knownAs = filename;
  let isGone = false;
  try {
    db.transaction(
      (tx) => {
        refuse?.(tx, entry);
        isGone = isRemoved(tx, projectId);
        if (isGone) return;
        tx.insert(tag).values({ tagName, projectId }).onConflictDoNothing().run();
        const isSought = and(eq(result.clientId, clientId), eq(result.objectId, objectId));
        tx.insert(result).values({ clientId, objectId, filename }).onConflictDoNothing().run();
        knownAs = tx.select({ filename: result.filename }).from(result).where(isSought).get()?.filename ?? filename;
        if (knownAs !== filename) {
          tx.rollback();
        }
        tx.run(sql`
          insert into ${taggedResult} (tag_id, result_id)
          select ${tag.id}, ${result.id} from ${tag}, ${result}
          where ${tag.tagName} = ${tagName} and ${tag.projectId} = ${projectId} and ${isSought}
            and not exists (
              select 1 from ${taggedResult}
              where ${taggedResult.tagId} = ${tag.id} and ${taggedResult.resultId} = ${result.id}
            )`);
      },
      { behavior: "immediate" },
    );
  } catch (error) {
    if (!(error instanceof TransactionRollbackError)) {
      throw error;
    }
  }
  return isGone ? undefined : { knownAs };
}

function removeProject(
  tx: Pick<SqliteDatabase, "select" | "insert" | "delete" | "all">,
  projectId: string,
  analysisIds: readonly string[],
): readonly string[] {
  tx.insert(removedProject).values({ projectId }).onConflictDoNothing().run();
  const isOfProject = eq(tag.projectId, projectId);
  const tagged = tx
    .select({ id: taggedResult.resultId })
    .from(taggedResult)
    .innerJoin(tag, eq(taggedResult.tagId, tag.id))
    .where(isOfProject);
  tx.delete(result).where(inArray(result.id, tagged)).run();
  tx.delete(tag).where(isOfProject).run();
  return removeSubmissions(tx, projectId, analysisIds);
}

/**
 * Deletes rows of the queue of final results and of the release gate. The catalog does this itself, so that it happens
 * in the same transaction.
 */
function removeSubmissions(tx: Pick<SqliteDatabase, "all">, projectId: string, analysisIds: readonly string[]) {
  const removed = tx.all<{ id: string }>(sql`delete from submission where project_id = ${projectId} returning id`);
  tx.all(sql`delete from release_decision where project_id = ${projectId}`);
  for (const analysisId of analysisIds) {
    tx.all(sql`delete from release_decision where project_id is null and analysis_id = ${analysisId}`);
    removed.push(
      ...tx.all<{ id: string }>(
        sql`delete from submission where project_id is null and analysis_id = ${analysisId} returning id`,
      ),
    );
  }
  return removed.map(({ id }) => id);
}
