import { tmpdir } from "node:os";
import { createPostgresCatalog } from "../catalog/postgres.ts";
import { migratePostgres } from "../database/migrate-postgres.ts";
import { openPostgres } from "../database/postgres-connection.ts";
import { isLastingRefusal } from "../database/postgres-failure.ts";
import { inspectPostgres, provePostgresWrite } from "../database/postgres-usability.ts";
import { createPostgresDigests } from "../digests/postgres-digests.ts";
import { createPostgresIdempotency } from "../idempotency/postgres-idempotency.ts";
import { isLastingS3Refusal } from "../objects/s3/s3-failure.ts";
import { observeObjectStore, observePostgres } from "../observability/observed-calls.ts";
import { createPostgresOperators } from "../operators/postgres-operators.ts";
import { createPostgresTraffic } from "../operators/postgres-traffic.ts";
import { createPostgresPeers } from "../peers/postgres-peers.ts";
import { createPostgresBudget } from "../privacy/budget/postgres-budget.ts";
import { createAppendInPostgres } from "../record/postgres-append.ts";
import { createPostgresRecord } from "../record/postgres-record.ts";
import { createPostgresReleases } from "../release/postgres-releases.ts";
import { refuseExpired } from "../retention/postgres-expiry.ts";
import { createPostgresRetention } from "../retention/postgres-retention.ts";
import type { StorageSettings } from "../settings/settings.ts";
import { createPostgresSubmissions } from "../submissions/store/postgres-submissions.ts";
import { waitUntilUp } from "../time/wait-until-up.ts";
import { buildMissingIndexes } from "./missing-indexes.ts";
import { adviceOn, proveWritable } from "./prove-writable.ts";
import { logMigrations, openObjectStore, type Storage, type StorageDeps } from "./storage.ts";
import { createWatchedRights } from "./watched-rights.ts";

const storeCheckMs = 10_000;

/** Opens an S3 store and PostgreSQL. Other processes may use them at the same time. */
export async function openServers(
  storage: StorageSettings & { kind: "s3+postgres" },
  deps: StorageDeps,
): Promise<Storage> {
  const { log, observe, patienceMs = Number.POSITIVE_INFINITY, signal, onPart = () => {} } = deps;
  const { isRecording, isExpiring, requestId } = deps;
  proveWritable(tmpdir(), adviceOn.temporary);
  const postgres = observePostgres(openPostgres(storage.postgres), observe);
  const store = openObjectStore(storage, log);
  const objects = observeObjectStore(store, observe);
  const rights = createWatchedRights({ objects: store, log, now: () => performance.now() });
  const wait = { log, patienceMs, signal };
  try {
    const prepareDatabase = async () => {
      const concerns = await inspectPostgres(postgres);
      logMigrations(log, await migratePostgres(postgres));
      await buildMissingIndexes(postgres, storage.postgres, log);
      await provePostgresWrite(postgres);
      return concerns;
    };
    const findStore = () => objects.check(AbortSignal.timeout(storeCheckMs));
    const databaseWait = { ...wait, event: "database.waiting", isLasting: isLastingRefusal };
    onPart("database", "failed");
    for (const concern of await waitUntilUp(prepareDatabase, databaseWait)) log.warn("database.concern", { concern });
    onPart("database", "ok");
    onPart("object_store", "failed");
    await waitUntilUp(findStore, { ...wait, event: "object_store.waiting", isLasting: isLastingS3Refusal });
    await rights.prove();
    const concerns = await store.inspect(AbortSignal.timeout(storeCheckMs));
    for (const concern of concerns) log.warn("object_store.concern", { concern });
    onPart("object_store", "ok");
    const append = isRecording ? createAppendInPostgres(requestId) : undefined;
    return {
      objects,
      catalog: createPostgresCatalog(postgres, append, isExpiring ? refuseExpired : undefined),
      submissions: createPostgresSubmissions(postgres, undefined, append),
      record: createPostgresRecord(postgres),
      releases: createPostgresReleases(postgres, append),
      operators: createPostgresOperators(postgres, append),
      peers: createPostgresPeers(postgres, append),
      traffic: createPostgresTraffic(postgres),
      retention: createPostgresRetention(postgres, append),
      budgets: createPostgresBudget(postgres, append),
      idempotency: createPostgresIdempotency(postgres),
      digests: createPostgresDigests(postgres),
      isAlone: false,
      async checkObjects(signal) {
        await objects.check(signal);
        rights.check();
      },
      listConcerns: async () => concerns,
      spoolDir: tmpdir(),
      close: postgres.close,
    };
  } catch (error) {
    await postgres.close();
    throw error;
  }
}
