import { existsSync, mkdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { openObjectStore, sqlitePath } from "../../app/storage.ts";
import { acquireDataDirLock } from "../../database/data-dir-lock.ts";
import { migratePostgres } from "../../database/migrate-postgres.ts";
import { migrateSqlite } from "../../database/migrate-sqlite.ts";
import { openPostgres } from "../../database/postgres-connection.ts";
import { openSqlite } from "../../database/sqlite-connection.ts";
import type { Log } from "../../log.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { createPostgresRetention } from "../../retention/postgres-retention.ts";
import type { RetentionStore } from "../../retention/retention-store.ts";
import { createSqliteRetention } from "../../retention/sqlite-retention.ts";
import type { Environment, ReadTextFile } from "../../settings/environment.ts";
import { readStorage } from "../../settings/read-storage.ts";
import type { StorageSettings } from "../../settings/settings.ts";
import { createPostgresRows } from "./postgres-rows.ts";
import type { RowDatabase } from "./row-database.ts";
import { createSqliteRows } from "./sqlite-rows.ts";

/** The source or the target of a copy. */
export interface End {
  readonly objects: ObjectStore;
  /** Equal names mean the same store. */
  readonly objectsPlace: string;
  readonly rows: RowDatabase;
  readonly retention: RetentionStore;
  /** Brings the database up to date. */
  migrate(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Finds the storage that an argument names: a folder (a DATA_DIR), a file with settings as in `.env`, or `env` for the
 * settings in the environment. Throws an Error that says what is wrong with the settings.
 */
export function findStorage(place: string, env: Environment, readTextFile: ReadTextFile): StorageSettings {
  if (place === "env") return readStorage(env, "The environment", readTextFile);
  const isFile = existsSync(place) && statSync(place).isFile();
  if (!isFile) return { kind: "directory", dataDir: place };
  return readStorage(readTextFile(place), place, readTextFile);
}

export function placesOf(storage: StorageSettings): { readonly objects: string; readonly rows: string } {
  if (storage.kind === "directory") {
    const path = resolve(storage.dataDir);
    return { objects: path, rows: path };
  }
  const { s3, postgres } = storage;
  return {
    objects: `${s3.endpointUrl}/${s3.bucket}`,
    rows: `${postgres.host}:${postgres.port}/${postgres.database}`,
  };
}

/** Opens a storage without changing it. Creates a target folder, and locks it so that no service can use it meanwhile. */
export async function openEnd(storage: StorageSettings, role: "source" | "target", log: Log): Promise<End> {
  const places = placesOf(storage);
  const objects = openObjectStore(storage, log);
  if (storage.kind === "s3+postgres") {
    const postgres = openPostgres({ ...storage.postgres, maxConnections: 2 });
    return {
      objects,
      objectsPlace: places.objects,
      rows: createPostgresRows(postgres, places.rows),
      retention: createPostgresRetention(postgres),
      migrate: async () => void (await migratePostgres(postgres)),
      close: postgres.close,
    };
  }
  const path = sqlitePath(storage.dataDir);
  if (role === "source" && !existsSync(path)) {
    throw new Error(
      `There is no ${path}: ${storage.dataDir} is neither a file with settings nor the DATA_DIR of a service`,
    );
  }
  if (role === "target") mkdirSync(storage.dataDir, { recursive: true, mode: 0o700 });
  const lock = role === "target" ? acquireDataDirLock(storage.dataDir) : undefined;
  const sqlite = openSqlite(path);
  return {
    objects,
    objectsPlace: places.objects,
    rows: createSqliteRows(sqlite, places.rows),
    retention: createSqliteRetention(sqlite, Date.now),
    migrate: async () => void (await migrateSqlite(sqlite)),
    async close() {
      await sqlite.close().finally(() => lock?.release());
    },
  };
}
