import { Database } from "bun:sqlite";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { sqliteDialect } from "./dialects.ts";
import { listFillings } from "./rows.ts";
import type { Sizes } from "./sizes.ts";

/** Makes a database file and fills it; its indexes are built behind it. */
export async function fillSqlite(path: string, sizes: Sizes, tell: (what: string) => void): Promise<void> {
  const sqlite = openSqlite(path);
  await migrateSqlite(sqlite).finally(sqlite.close);
  const database = new Database(path);
  try {
    database.run("pragma journal_mode = off");
    database.run("pragma synchronous = off");
    database.run("pragma foreign_keys = off");
    database.run("pragma cache_size = -1000000");
    const indexes = database
      .query<{ name: string; sql: string }, []>(
        "select name, sql from sqlite_schema where type = 'index' and sql is not null",
      )
      .all();
    for (const { name } of indexes) database.run(`drop index "${name}"`);
    for (const { table, statement } of listFillings(sqliteDialect, sizes)) {
      database.run(statement);
      tell(`${table} filled`);
    }
    for (const { name, sql } of indexes) {
      database.run(sql);
      tell(`${name} built`);
    }
    database.run("pragma journal_mode = wal");
  } finally {
    database.close();
  }
}
