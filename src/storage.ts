import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "./catalog/catalog.ts";
import { createPostgresCatalog } from "./catalog/postgres.ts";
import { createSqliteCatalog } from "./catalog/sqlite.ts";
import { acquireDataDirLock } from "./database/data-dir-lock.ts";
import { listPendingPostgresMigrations, migratePostgres } from "./database/migrate-postgres.ts";
import { migrateSqlite } from "./database/migrate-sqlite.ts";
import { openPostgres } from "./database/postgres-connection.ts";
import { isLastingRefusal } from "./database/postgres-failure.ts";
import { openSqlite } from "./database/sqlite-connection.ts";
import type { Log } from "./log.ts";
import { createDirectoryObjectStore } from "./objects/directory.ts";
import type { ObjectStore } from "./objects/object-store.ts";
import { createS3ObjectStore } from "./objects/s3.ts";
import { isLastingS3Refusal } from "./objects/s3-errors.ts";
import {
  type ObserveCall,
  observeObjectStore,
  observePostgres,
  observeSqlite,
} from "./observability/observed-calls.ts";
import type { StorageSettings } from "./settings.ts";
import { createPostgresSubmissions } from "./submissions/postgres-submissions.ts";
import { createSqliteSubmissions } from "./submissions/sqlite-submissions.ts";
import type { SubmissionStore } from "./submissions/submission-store.ts";
import { waitUntilUp } from "./wait-until-up.ts";

export interface Storage {
  readonly objects: ObjectStore;
  readonly catalog: Catalog;
  readonly submissions: SubmissionStore;
  /** Whether no other process can use this storage. */
  readonly isAlone: boolean;
  /** For temporary files; exists. */
  readonly spoolDir: string;
  close(): Promise<void>;
}

export interface StartUp {
  /** How long to wait at start for a database and an object store that are not up yet. Default: 60 s. */
  readonly patienceMs?: number | undefined;
  /** Ends that waiting. */
  readonly signal?: AbortSignal | undefined;
}

export interface StorageDeps extends StartUp {
  readonly log: Log;
  readonly observe: ObserveCall;
}

const storeCheckMs = 10_000;

/** Opens what the settings name, waiting for it if need be, and brings the database up to date. */
export function openStorage(storage: StorageSettings, deps: StorageDeps): Promise<Storage> {
  return storage.kind === "directory" ? openEmbedded(storage, deps) : openServers(storage, deps);
}

async function openEmbedded(
  storage: StorageSettings & { kind: "directory" },
  { log, observe }: StorageDeps,
): Promise<Storage> {
  const { dataDir } = storage;
  const lock = acquireDataDirLock(dataDir);
  const sqlite = observeSqlite(openSqlite(sqlitePath(dataDir)), observe);
  const close = async () => {
    try {
      await sqlite.close();
    } finally {
      lock.release();
    }
  };
  try {
    logMigrations(log, await migrateSqlite(sqlite));
    const objects = observeObjectStore(openObjectStore(storage, log), observe);
    await objects.check();
    const spoolDir = join(dataDir, "spool");
    mkdirSync(spoolDir, { recursive: true, mode: 0o700 });
    const submissions = createSqliteSubmissions(sqlite, Date.now);
    // Whoever held them is dead: this process has the lock.
    await submissions.releaseAll();
    return { objects, catalog: createSqliteCatalog(sqlite), submissions, isAlone: true, spoolDir, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openServers(
  storage: StorageSettings & { kind: "s3+postgres" },
  { log, observe, patienceMs = 60_000, signal }: StorageDeps,
): Promise<Storage> {
  const postgres = observePostgres(openPostgres(storage.postgres), observe);
  const objects = observeObjectStore(openObjectStore(storage, log), observe);
  const wait = { log, patienceMs, signal };
  try {
    const findDatabase = () => listPendingPostgresMigrations(postgres);
    const findStore = () => objects.check(AbortSignal.timeout(storeCheckMs));
    await waitUntilUp(findDatabase, { ...wait, event: "database.waiting", isLasting: isLastingRefusal });
    logMigrations(log, await migratePostgres(postgres));
    await waitUntilUp(findStore, { ...wait, event: "object_store.waiting", isLasting: isLastingS3Refusal });
    const catalog = createPostgresCatalog(postgres);
    const submissions = createPostgresSubmissions(postgres);
    return { objects, catalog, submissions, isAlone: false, spoolDir: tmpdir(), close: postgres.close };
  } catch (error) {
    await postgres.close();
    throw error;
  }
}

function logMigrations(log: Log, applied: readonly string[]): void {
  if (applied.length > 0) log.info("database.migrated", { applied });
}

/** The object store that the settings name; nothing is opened or made before its first use. */
export function openObjectStore(storage: StorageSettings, log: Log): ObjectStore {
  if (storage.kind === "directory") return createDirectoryObjectStore({ root: join(storage.dataDir, "objects") });
  const { endpointUrl: endpoint, ...s3 } = storage.s3;
  return createS3ObjectStore({ endpoint, ...s3, log });
}

/** The embedded database's file. */
export function sqlitePath(dataDir: string): string {
  return join(dataDir, "catalog.sqlite");
}
