import { existsSync } from "node:fs";
import { sqlitePath } from "../app/storage.ts";
import { acquireDataDirLock } from "../database/data-dir-lock.ts";
import { listPendingPostgresMigrations, migratePostgres, postgresMigrations } from "../database/migrate-postgres.ts";
import { listPendingSqliteMigrations, migrateSqlite } from "../database/migrate-sqlite.ts";
import { openPostgres, type Postgres } from "../database/postgres-connection.ts";
import { buildIndexes, buildTimes } from "../database/postgres-indexes.ts";
import type { PostgresSettings } from "../database/postgres-settings.ts";
import { inspectPostgres } from "../database/postgres-usability.ts";
import { openSqlite } from "../database/sqlite-connection.ts";
import type { StorageSettings } from "../settings/settings.ts";

/** The database without the other stores, for `doctor` and `migrate`. */
export interface DatabaseAccess {
  /** Resolves with the names of missing migrations. Changes nothing, but an embedded database must exist. */
  listPending(): Promise<string[]>;
  /** Throws if the service cannot work on the database. Resolves with concerns, as sentences. Changes nothing. */
  inspect(): Promise<string[]>;
  /**
   * Resolves with the names of what it applied. Throws if something is pending and another process uses the embedded
   * database.
   */
  migrate(): Promise<string[]>;
  close(): Promise<void>;
}

export function openDatabase(storage: StorageSettings): DatabaseAccess {
  return storage.kind === "directory" ? openEmbedded(storage.dataDir) : openServer(storage);
}

function openServer({ postgres: settings }: StorageSettings & { kind: "s3+postgres" }): DatabaseAccess {
  const postgres = openPostgres({ ...settings, maxConnections: 1 });
  return {
    listPending: () => listPendingPostgresMigrations(postgres),
    inspect: () => inspectPostgres(postgres),
    migrate: () => migrateServer(postgres, settings),
    close: postgres.close,
  };
}

/** Also builds the indexes that `serve` would build in the background. */
async function migrateServer(postgres: Postgres, settings: PostgresSettings): Promise<string[]> {
  const applied = await migratePostgres(postgres);
  const builder = openPostgres({ ...settings, maxConnections: 1 }, buildTimes);
  const built: string[] = [];
  await buildIndexes(builder, postgresMigrations, (name) => built.push(`index ${name}`)).finally(builder.close);
  return [...applied, ...built];
}

function openEmbedded(dataDir: string): DatabaseAccess {
  async function use<T>(work: (sqlite: ReturnType<typeof openSqlite>) => Promise<T>): Promise<T> {
    const sqlite = openSqlite(sqlitePath(dataDir));
    return work(sqlite).finally(sqlite.close);
  }
  return {
    listPending: () => use(listPendingSqliteMigrations),
    inspect: async () => [],
    async migrate() {
      // Beside a running service nothing is pending, and nobody needs its lock.
      if (existsSync(sqlitePath(dataDir)) && (await use(listPendingSqliteMigrations)).length === 0) return [];
      const lock = acquireDataDirLock(dataDir);
      return use(migrateSqlite).finally(lock.release);
    },
    close: async () => {},
  };
}
