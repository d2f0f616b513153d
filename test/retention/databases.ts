import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../../src/catalog/catalog.ts";
import { createPostgresCatalog } from "../../src/catalog/postgres.ts";
import { createSqliteCatalog } from "../../src/catalog/sqlite.ts";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import type { DigestStore } from "../../src/digests/digest-store.ts";
import { createPostgresDigests } from "../../src/digests/postgres-digests.ts";
import { createSqliteDigests } from "../../src/digests/sqlite-digests.ts";
import { createAppendInPostgres } from "../../src/record/postgres-append.ts";
import { createPostgresRecord } from "../../src/record/postgres-record.ts";
import type { RecordStore } from "../../src/record/record-store.ts";
import { createAppendInSqlite } from "../../src/record/sqlite-append.ts";
import { createSqliteRecord } from "../../src/record/sqlite-record.ts";
import { refuseExpired as refuseInPostgres } from "../../src/retention/postgres-expiry.ts";
import { createPostgresRetention } from "../../src/retention/postgres-retention.ts";
import type { RetentionStore } from "../../src/retention/retention-store.ts";
import { refuseExpired as refuseInSqlite } from "../../src/retention/sqlite-expiry.ts";
import { createSqliteRetention } from "../../src/retention/sqlite-retention.ts";
import { createTestDatabase, testPostgresUrl } from "../support/postgres-database.ts";

/** What one process has of the database. */
export interface Process {
  readonly store: RetentionStore;
  readonly catalog: Catalog;
}

export interface TestRetention {
  readonly one: Process;
  readonly two: Process;
  readonly record: RecordStore;
  /** Sets the database's clock ahead by this, or back. */
  pass(ms: number): void;
  now(): number;
  readonly digests: DigestStore;
  execute(statement: string): Promise<unknown>;
  empty(): Promise<void>;
  close(): Promise<void>;
}

const tables = [
  "stored_object",
  "project_usage",
  "usage_reservation",
  "retention_state",
  "daily_usage",
  "sent_intermediate",
  "object_digest",
  "taggedresult",
  "result",
  "tag",
  "submission",
  "removed_project",
  "record_entry",
];

export const retentionDatabases = [
  { name: "SQLite", isThere: true, open: openSqliteRetention },
  { name: "PostgreSQL", isThere: testPostgresUrl !== undefined, open: openPostgresRetention },
];

async function openSqliteRetention(): Promise<TestRetention> {
  const dir = mkdtempSync(join(tmpdir(), "flame-retention-"));
  const path = join(dir, "catalog.sqlite");
  const connections = [openSqlite(path), openSqlite(path)] as const;
  await migrateSqlite(connections[0]);
  let passedMs = 0;
  const now = () => Date.now() + passedMs;
  const append = createAppendInSqlite(now, () => undefined);
  const processOn = (sqlite: (typeof connections)[0]): Process => ({
    store: createSqliteRetention(sqlite, now, append),
    catalog: createSqliteCatalog(sqlite, append, refuseInSqlite),
  });
  const execute = (statement: string) => connections[0].run((db) => void db.run(statement));
  return {
    one: processOn(connections[0]),
    two: processOn(connections[1]),
    record: createSqliteRecord(connections[0], now),
    digests: createSqliteDigests(connections[0]),
    now,
    pass: (ms) => {
      passedMs += ms;
    },
    execute,
    async empty() {
      passedMs = 0;
      for (const table of tables) await execute(`delete from ${table}`);
    },
    async close() {
      for (const connection of connections) await connection.close();
      rmSync(dir, { recursive: true });
    },
  };
}

async function openPostgresRetention(): Promise<TestRetention> {
  const database = await createTestDatabase();
  const connections = [openPostgres(database.settings), openPostgres(database.settings)] as const;
  await migratePostgres(connections[0]);
  let passedMs = 0;
  const append = createAppendInPostgres(() => undefined);
  const processOn = (postgres: (typeof connections)[0]): Process => ({
    store: createPostgresRetention(postgres, append, () => passedMs),
    catalog: createPostgresCatalog(postgres, append, refuseInPostgres),
  });
  return {
    one: processOn(connections[0]),
    two: processOn(connections[1]),
    record: createPostgresRecord(connections[0]),
    digests: createPostgresDigests(connections[0]),
    now: () => Date.now() + passedMs,
    pass: (ms) => {
      passedMs += ms;
    },
    execute: database.execute,
    async empty() {
      passedMs = 0;
      await database.execute(`truncate ${tables.join(", ")} restart identity cascade`);
    },
    async close() {
      for (const connection of connections) await connection.close();
      await database.drop();
    },
  };
}
