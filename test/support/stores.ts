import type { Catalog } from "../../src/catalog/catalog.ts";
import { createPostgresCatalog } from "../../src/catalog/postgres.ts";
import { createSqliteCatalog } from "../../src/catalog/sqlite.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import type { PostgresSettings } from "../../src/database/postgres-settings.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import type { DigestStore } from "../../src/digests/digest-store.ts";
import { createPostgresDigests } from "../../src/digests/postgres-digests.ts";
import { createSqliteDigests } from "../../src/digests/sqlite-digests.ts";
import type { IdempotencyStore } from "../../src/idempotency/idempotency-store.ts";
import { createPostgresIdempotency } from "../../src/idempotency/postgres-idempotency.ts";
import { createSqliteIdempotency } from "../../src/idempotency/sqlite-idempotency.ts";
import type { OperatorStore } from "../../src/operators/operator-store.ts";
import { createPostgresOperators } from "../../src/operators/postgres-operators.ts";
import { createSqliteOperators } from "../../src/operators/sqlite-operators.ts";
import type { BudgetStore } from "../../src/privacy/budget/budget-store.ts";
import { createPostgresBudget } from "../../src/privacy/budget/postgres-budget.ts";
import { createSqliteBudget } from "../../src/privacy/budget/sqlite-budget.ts";
import { createAppendInPostgres } from "../../src/record/postgres-append.ts";
import { createPostgresRecord } from "../../src/record/postgres-record.ts";
import type { RecordStore } from "../../src/record/record-store.ts";
import { createAppendInSqlite } from "../../src/record/sqlite-append.ts";
import { createSqliteRecord } from "../../src/record/sqlite-record.ts";
import { createPostgresReleases } from "../../src/release/postgres-releases.ts";
import type { ReleaseStore } from "../../src/release/release-store.ts";
import { createSqliteReleases } from "../../src/release/sqlite-releases.ts";
import { createPostgresRetention } from "../../src/retention/postgres-retention.ts";
import type { RetentionStore } from "../../src/retention/retention-store.ts";
import { createSqliteRetention } from "../../src/retention/sqlite-retention.ts";
import { createPostgresSubmissions } from "../../src/submissions/store/postgres-submissions.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import type { SubmissionStore } from "../../src/submissions/store/submission-store.ts";

/** All that the service keeps in a database, with everything switched on. */
export interface Stores {
  readonly catalog: Catalog;
  readonly submissions: SubmissionStore;
  readonly record: RecordStore;
  readonly releases: ReleaseStore;
  readonly operators: OperatorStore;
  readonly retention: RetentionStore;
  readonly budgets: BudgetStore;
  readonly idempotency: IdempotencyStore;
  readonly digests: DigestStore;
  close(): Promise<void>;
}

export function openPostgresStores(settings: PostgresSettings): Stores {
  const postgres = openPostgres(settings);
  const append = createAppendInPostgres(() => undefined);
  return {
    catalog: createPostgresCatalog(postgres, append),
    submissions: createPostgresSubmissions(postgres, undefined, append),
    record: createPostgresRecord(postgres),
    releases: createPostgresReleases(postgres, append),
    operators: createPostgresOperators(postgres, append),
    retention: createPostgresRetention(postgres, append),
    budgets: createPostgresBudget(postgres, append),
    idempotency: createPostgresIdempotency(postgres),
    digests: createPostgresDigests(postgres),
    close: postgres.close,
  };
}

export function openSqliteStores(path: string): Stores {
  const sqlite = openSqlite(path);
  const append = createAppendInSqlite(Date.now, () => undefined);
  return {
    catalog: createSqliteCatalog(sqlite, append),
    submissions: createSqliteSubmissions(sqlite, Date.now, undefined, append),
    record: createSqliteRecord(sqlite, Date.now),
    releases: createSqliteReleases(sqlite, Date.now, append),
    operators: createSqliteOperators(sqlite, Date.now, append),
    retention: createSqliteRetention(sqlite, Date.now, append),
    budgets: createSqliteBudget(sqlite, Date.now, append),
    idempotency: createSqliteIdempotency(sqlite, Date.now),
    digests: createSqliteDigests(sqlite),
    close: sqlite.close,
  };
}
