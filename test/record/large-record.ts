import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createPostgresRecord } from "../../src/record/postgres-record.ts";
import type { RecordStore } from "../../src/record/record-store.ts";
import { createSqliteRecord } from "../../src/record/sqlite-record.ts";
import { createTestDatabase, testPostgresUrl } from "../support/postgres-database.ts";

/** A record with this many rows, none of them sealed. */
export interface LargeRecord {
  readonly store: RecordStore;
  execute(statement: string): Promise<void>;
  dispose(): Promise<void>;
}

async function openEmbedded(rows: number): Promise<LargeRecord> {
  const dir = mkdtempSync(join(tmpdir(), "flame-record-large-"));
  const sqlite = openSqlite(join(dir, "catalog.sqlite"));
  await migrateSqlite(sqlite);
  const execute = (statement: string) => sqlite.run((db) => void db.run(sql.raw(statement)));
  await execute(`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows})
    insert into record_entry (time, event, actor, object_id, bytes, outcome)
    select 1700000000000 + i, 'intermediate.sent', 'analysis ' || i % 7, 'object ' || i, i, 'ok' from n`);
  return {
    store: createSqliteRecord(sqlite, Date.now),
    execute,
    async dispose() {
      await sqlite.close();
      rmSync(dir, { recursive: true });
    },
  };
}

async function openServer(rows: number): Promise<LargeRecord> {
  const database = await createTestDatabase();
  const postgres = openPostgres(database.settings);
  await migratePostgres(postgres);
  await database.execute(`insert into record_entry (event, actor, object_id, bytes, outcome)
    select 'intermediate.sent', 'analysis ' || i % 7, 'object ' || i, i, 'ok' from generate_series(1, ${rows}) as i`);
  return {
    store: createPostgresRecord(postgres),
    execute: async (statement) => void (await database.execute(statement)),
    async dispose() {
      await postgres.close();
      await database.drop();
    },
  };
}

export const largeRecords = [
  { name: "SQLite", open: openEmbedded, rows: Number(Bun.env.RECORD_ROWS ?? "100000"), isThere: true },
  // As many take half a minute there on a small machine.
  {
    name: "PostgreSQL",
    open: openServer,
    rows: Number(Bun.env.RECORD_ROWS ?? "25000"),
    isThere: testPostgresUrl !== undefined,
  },
] as const;
