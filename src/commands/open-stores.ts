import { existsSync } from "node:fs";
import { openObjectStore, sqlitePath } from "../app/storage.ts";
import { listPendingPostgresMigrations } from "../database/migrate-postgres.ts";
import { listPendingSqliteMigrations } from "../database/migrate-sqlite.ts";
import { openPostgres } from "../database/postgres-connection.ts";
import { openSqlite } from "../database/sqlite-connection.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { OperatorStore } from "../operators/operator-store.ts";
import { createPostgresOperators } from "../operators/postgres-operators.ts";
import { createSqliteOperators } from "../operators/sqlite-operators.ts";
import type { PeerStore } from "../peers/peer-store.ts";
import { createPostgresPeers } from "../peers/postgres-peers.ts";
import { createSqlitePeers } from "../peers/sqlite-peers.ts";
import type { BudgetStore } from "../privacy/budget/budget-store.ts";
import { createPostgresBudget } from "../privacy/budget/postgres-budget.ts";
import { createSqliteBudget } from "../privacy/budget/sqlite-budget.ts";
import { createAppendInPostgres } from "../record/postgres-append.ts";
import { createPostgresRecord } from "../record/postgres-record.ts";
import type { RecordStore } from "../record/record-store.ts";
import { createAppendInSqlite } from "../record/sqlite-append.ts";
import { createSqliteRecord } from "../record/sqlite-record.ts";
import { createPostgresReleases } from "../release/postgres-releases.ts";
import type { ReleaseStore } from "../release/release-store.ts";
import { createSqliteReleases } from "../release/sqlite-releases.ts";
import { createPostgresRetention } from "../retention/postgres-retention.ts";
import type { RetentionStore } from "../retention/retention-store.ts";
import { createSqliteRetention } from "../retention/sqlite-retention.ts";
import type { Settings } from "../settings/settings.ts";
import { createPostgresSubmissions } from "../submissions/store/postgres-submissions.ts";
import { createSqliteSubmissions } from "../submissions/store/sqlite-submissions.ts";
import type { SubmissionStore } from "../submissions/store/submission-store.ts";

/** The service's stores, for a command that may run beside it. */
export interface Stores {
  readonly submissions: SubmissionStore;
  readonly record: RecordStore;
  readonly releases: ReleaseStore;
  readonly operators: OperatorStore;
  readonly peers: PeerStore;
  readonly budgets: BudgetStore;
  readonly objects: ObjectStore;
  readonly retention: RetentionStore;
  close(): Promise<void>;
}

const noRequest = () => undefined;

/**
 * Opens the stores without creating or migrating anything. Throws if the service has never run on this storage, or only
 * in an older version. A second process may use the embedded database, since each change is one short transaction.
 */
export async function openStores({ storage, record: { isEnabled } }: Settings, log: Log): Promise<Stores> {
  const objects = openObjectStore(storage, log);
  if (storage.kind === "directory") {
    const path = sqlitePath(storage.dataDir);
    if (!existsSync(path)) throw new Error(`There is no ${path}: the service has not been started on this DATA_DIR`);
    const sqlite = openSqlite(path);
    const append = isEnabled ? createAppendInSqlite(Date.now, noRequest) : undefined;
    const stores = {
      submissions: createSqliteSubmissions(sqlite, Date.now, undefined, append),
      record: createSqliteRecord(sqlite, Date.now),
      releases: createSqliteReleases(sqlite, Date.now, append),
      operators: createSqliteOperators(sqlite, Date.now, append),
      peers: createSqlitePeers(sqlite, Date.now, append),
      retention: createSqliteRetention(sqlite, Date.now, append),
      budgets: createSqliteBudget(sqlite, Date.now, append),
      objects,
      close: sqlite.close,
    };
    return migrated(stores, () => listPendingSqliteMigrations(sqlite));
  }
  const postgres = openPostgres({ ...storage.postgres, maxConnections: 1 });
  const append = isEnabled ? createAppendInPostgres(noRequest) : undefined;
  const stores = {
    submissions: createPostgresSubmissions(postgres, undefined, append),
    record: createPostgresRecord(postgres),
    releases: createPostgresReleases(postgres, append),
    operators: createPostgresOperators(postgres, append),
    peers: createPostgresPeers(postgres, append),
    retention: createPostgresRetention(postgres, append),
    budgets: createPostgresBudget(postgres, append),
    objects,
    close: postgres.close,
  };
  return migrated(stores, () => listPendingPostgresMigrations(postgres));
}

async function migrated(stores: Stores, listPending: () => Promise<string[]>): Promise<Stores> {
  try {
    const pending = await listPending();
    if (pending.length === 0) return stores;
    throw new Error(`The database lacks ${pending.join(", ")}: run \`flame-result migrate\``);
  } catch (error) {
    await stores.close();
    throw error;
  }
}
