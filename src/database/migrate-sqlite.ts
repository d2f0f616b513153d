import { sql } from "drizzle-orm";
import catalog from "../../drizzle/sqlite/0000_catalog.sql" with { type: "text" };
import submissions from "../../drizzle/sqlite/0001_submissions.sql" with { type: "text" };
import removedProjects from "../../drizzle/sqlite/0002_removed_projects.sql" with { type: "text" };
import operators from "../../drizzle/sqlite/0003_operators.sql" with { type: "text" };
import peers from "../../drizzle/sqlite/0004_peers.sql" with { type: "text" };
import operatorSubject from "../../drizzle/sqlite/0005_operator_subject.sql" with { type: "text" };
import retention from "../../drizzle/sqlite/0006_retention.sql" with { type: "text" };
import manyRows from "../../drizzle/sqlite/0007_many_rows.sql" with { type: "text" };
import releases from "../../drizzle/sqlite/0008_releases.sql" with { type: "text" };
import privacyBudget from "../../drizzle/sqlite/0009_privacy_budget.sql" with { type: "text" };
import repeating from "../../drizzle/sqlite/0010_repeating.sql" with { type: "text" };
import objectsOfResults from "../../drizzle/sqlite/0011_objects_of_results.sql" with { type: "text" };
import recordLists from "../../drizzle/sqlite/0012_record_lists.sql" with { type: "text" };
import { findPending, type Migration, splitStatements } from "./migrate.ts";
import type { Sqlite, SqliteDatabase } from "./sqlite-connection.ts";

/** Every file of `drizzle/sqlite`, in order. */
export const sqliteMigrations: readonly Migration[] = [
  { name: "0000_catalog", sql: catalog },
  { name: "0001_submissions", sql: submissions },
  { name: "0002_removed_projects", sql: removedProjects },
  { name: "0003_operators", sql: operators },
  { name: "0004_peers", sql: peers },
  { name: "0005_operator_subject", sql: operatorSubject },
  { name: "0006_retention", sql: retention },
  { name: "0007_many_rows", sql: manyRows },
  { name: "0008_releases", sql: releases },
  { name: "0009_privacy_budget", sql: privacyBudget },
  { name: "0010_repeating", sql: repeating },
  { name: "0011_objects_of_results", sql: objectsOfResults },
  { name: "0012_record_lists", sql: recordLists },
];

/**
 * Applies the pending migrations in one transaction and resolves with their names. Throws a `MigrationError` if a newer
 * version of the service has used the database, and `AppError("database")` or `AppError("storage_full")` if SQLite
 * fails.
 */
export function migrateSqlite(sqlite: Sqlite, migrations = sqliteMigrations): Promise<string[]> {
  return sqlite.run((db) => db.transaction((tx) => migrate(tx, migrations), { behavior: "immediate" }));
}

/** The names of the migrations that {@link migrateSqlite} would apply; changes nothing. */
export function listPendingSqliteMigrations(sqlite: Sqlite, migrations = sqliteMigrations): Promise<string[]> {
  return sqlite.run((db) => {
    const table = db.get(sql`select 1 from sqlite_schema where name = 'flame_result_migration'`);
    return findPending(migrations, table === undefined ? [] : listApplied(db)).map(({ name }) => name);
  });
}

function migrate(db: Pick<SqliteDatabase, "run" | "all">, migrations: readonly Migration[]): string[] {
  db.run(sql`
    create table if not exists flame_result_migration (
      name text primary key not null,
      applied_at text not null default current_timestamp
    )`);
  const pending = findPending(migrations, listApplied(db));
  for (const migration of pending) {
    for (const statement of splitStatements(migration)) {
      db.run(sql.raw(statement));
    }
    db.run(sql`insert into flame_result_migration (name) values (${migration.name})`);
  }
  return pending.map(({ name }) => name);
}

function listApplied(db: Pick<SqliteDatabase, "all">): string[] {
  const rows = db.all<{ name: string }>(sql`select name from flame_result_migration order by name`);
  return rows.map(({ name }) => name);
}
