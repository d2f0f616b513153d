import { tmpdir } from "node:os";
import { createPostgresCatalog } from "../catalog/postgres.ts";
import { migratePostgres } from "../database/migrate-postgres.ts";
import { openPostgres } from "../database/postgres-connection.ts";
import { isLastingRefusal } from "../database/postgres-failure.ts";
import { inspectPostgres, provePostgresWrite } from "../database/postgres-usability.ts";
import { isLastingS3Refusal } from "../objects/s3/errors.ts";
import { observeObjectStore, observePostgres } from "../observability/observed-calls.ts";
import type { StorageSettings } from "../settings/settings.ts";
import { createPostgresSubmissions } from "../submissions/store/postgres-submissions.ts";
import { waitUntilUp } from "../time/wait-until-up.ts";
import { logMigrations, openObjectStore, type Storage, type StorageDeps } from "./storage.ts";

const storeCheckMs = 10_000;

/** An S3 store and PostgreSQL, which other processes may use as well. */
export async function openServers(
  storage: StorageSettings & { kind: "s3+postgres" },
  { log, observe, patienceMs = 60_000, signal }: StorageDeps,
): Promise<Storage> {
  const postgres = observePostgres(openPostgres(storage.postgres), observe);
  const objects = observeObjectStore(openObjectStore(storage, log), observe);
  const wait = { log, patienceMs, signal };
  try {
    const prepareDatabase = async () => {
      const concerns = await inspectPostgres(postgres);
      logMigrations(log, await migratePostgres(postgres));
      await provePostgresWrite(postgres);
      return concerns;
    };
    const findStore = () => objects.check(AbortSignal.timeout(storeCheckMs));
    const databaseWait = { ...wait, event: "database.waiting", isLasting: isLastingRefusal };
    for (const concern of await waitUntilUp(prepareDatabase, databaseWait)) log.warn("database.concern", { concern });
    await waitUntilUp(findStore, { ...wait, event: "object_store.waiting", isLasting: isLastingS3Refusal });
    const catalog = createPostgresCatalog(postgres);
    const submissions = createPostgresSubmissions(postgres);
    return { objects, catalog, submissions, isAlone: false, spoolDir: tmpdir(), close: postgres.close };
  } catch (error) {
    await postgres.close();
    throw error;
  }
}
