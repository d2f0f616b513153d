import { existsSync } from "node:fs";
import { openObjectStore, sqlitePath } from "../app/storage.ts";
import { listPendingPostgresMigrations } from "../database/migrate-postgres.ts";
import { listPendingSqliteMigrations } from "../database/migrate-sqlite.ts";
import { openPostgres } from "../database/postgres-connection.ts";
import { openSqlite } from "../database/sqlite-connection.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { StorageSettings } from "../settings/settings.ts";
import { createPostgresSubmissions } from "../submissions/store/postgres-submissions.ts";
import { createSqliteSubmissions } from "../submissions/store/sqlite-submissions.ts";
import type { SubmissionStore } from "../submissions/store/submission-store.ts";

/** The queue of finals for a command that runs beside the service. */
export interface SubmissionsAccess {
  readonly store: SubmissionStore;
  readonly objects: ObjectStore;
  close(): Promise<void>;
}

/**
 * Opens the queue without making or migrating anything. Throws when the service has never run on this storage, or only an
 * older version of it. The embedded database takes a second process, as each change is one short transaction.
 */
export async function openSubmissions(storage: StorageSettings, log: Log): Promise<SubmissionsAccess> {
  const objects = openObjectStore(storage, log);
  if (storage.kind === "directory") {
    const path = sqlitePath(storage.dataDir);
    if (!existsSync(path)) throw new Error(`There is no ${path}: the service has not been started on this DATA_DIR`);
    const sqlite = openSqlite(path);
    const access = { store: createSqliteSubmissions(sqlite, Date.now), objects, close: sqlite.close };
    return migrated(access, () => listPendingSqliteMigrations(sqlite));
  }
  const postgres = openPostgres({ ...storage.postgres, maxConnections: 1 });
  const access = { store: createPostgresSubmissions(postgres), objects, close: postgres.close };
  return migrated(access, () => listPendingPostgresMigrations(postgres));
}

async function migrated(access: SubmissionsAccess, listPending: () => Promise<string[]>): Promise<SubmissionsAccess> {
  try {
    const pending = await listPending();
    if (pending.length === 0) return access;
    throw new Error(`The database lacks ${pending.join(", ")}: run \`flame-result migrate\``);
  } catch (error) {
    await access.close();
    throw error;
  }
}
