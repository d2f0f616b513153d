import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createSqliteCatalog } from "../catalog/sqlite.ts";
import { acquireDataDirLock } from "../database/data-dir-lock.ts";
import { migrateSqlite } from "../database/migrate-sqlite.ts";
import { openSqlite } from "../database/sqlite-connection.ts";
import { createSqliteDigests } from "../digests/sqlite-digests.ts";
import { createSqliteIdempotency } from "../idempotency/sqlite-idempotency.ts";
import { observeObjectStore, observeSqlite } from "../observability/observed-calls.ts";
import { createSqliteOperators } from "../operators/sqlite-operators.ts";
import { createSqliteTraffic } from "../operators/sqlite-traffic.ts";
import { createSqlitePeers } from "../peers/sqlite-peers.ts";
import { createSqliteBudget } from "../privacy/budget/sqlite-budget.ts";
import { createAppendInSqlite } from "../record/sqlite-append.ts";
import { createSqliteRecord } from "../record/sqlite-record.ts";
import { createSqliteReleases } from "../release/sqlite-releases.ts";
import { refuseExpired } from "../retention/sqlite-expiry.ts";
import { createSqliteRetention } from "../retention/sqlite-retention.ts";
import type { StorageSettings } from "../settings/settings.ts";
import { createSqliteSubmissions } from "../submissions/store/sqlite-submissions.ts";
import { adviceOn, proveWritable } from "./prove-writable.ts";
import { logMigrations, openObjectStore, type Storage, type StorageDeps, sqlitePath } from "./storage.ts";

/** Opens the storage in one folder. Only this process uses it. */
export async function openEmbedded(
  storage: StorageSettings & { kind: "directory" },
  { log, observe, isRecording, isExpiring, requestId }: StorageDeps,
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
    const spoolDir = join(dataDir, "spool");
    for (const folder of [join(dataDir, "objects"), spoolDir]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      proveWritable(folder, adviceOn.dataDir);
    }
    const objects = observeObjectStore(openObjectStore(storage, log), observe);
    await objects.check();
    const append = isRecording ? createAppendInSqlite(Date.now, requestId) : undefined;
    const submissions = createSqliteSubmissions(sqlite, Date.now, undefined, append);
    // This process has the lock, so the process that held these submissions is dead.
    await submissions.releaseAll();
    const budgets = createSqliteBudget(sqlite, Date.now, append);
    await budgets.releaseAll();
    const idempotency = createSqliteIdempotency(sqlite, Date.now);
    await idempotency.leaveAll();
    return {
      objects,
      catalog: createSqliteCatalog(sqlite, append, isExpiring ? refuseExpired : undefined),
      submissions,
      record: createSqliteRecord(sqlite, Date.now),
      releases: createSqliteReleases(sqlite, Date.now, append),
      operators: createSqliteOperators(sqlite, Date.now, append),
      peers: createSqlitePeers(sqlite, Date.now, append),
      traffic: createSqliteTraffic(sqlite),
      retention: createSqliteRetention(sqlite, Date.now, append),
      budgets,
      idempotency,
      digests: createSqliteDigests(sqlite),
      isAlone: true,
      checkObjects: objects.check,
      listConcerns: objects.inspect,
      spoolDir,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
