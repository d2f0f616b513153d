import { join } from "node:path";
import type { Catalog } from "../catalog/catalog.ts";
import type { DigestStore } from "../digests/digest-store.ts";
import type { IdempotencyStore } from "../idempotency/idempotency-store.ts";
import type { Log } from "../log.ts";
import { createDirectoryObjectStore } from "../objects/directory/directory-object-store.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { createS3ObjectStore } from "../objects/s3/s3-object-store.ts";
import type { ObserveCall } from "../observability/observed-calls.ts";
import type { OperatorStore } from "../operators/operator-store.ts";
import type { TrafficStore } from "../operators/traffic-store.ts";
import type { PeerStore } from "../peers/peer-store.ts";
import type { BudgetStore } from "../privacy/budget/budget-store.ts";
import type { RecordStore } from "../record/record-store.ts";
import type { ReleaseStore } from "../release/release-store.ts";
import type { RetentionStore } from "../retention/retention-store.ts";
import type { StorageSettings } from "../settings/settings.ts";
import type { SubmissionStore } from "../submissions/store/submission-store.ts";

export interface Storage {
  readonly objects: ObjectStore;
  readonly catalog: Catalog;
  readonly submissions: SubmissionStore;
  readonly record: RecordStore;
  readonly releases: ReleaseStore;
  readonly operators: OperatorStore;
  readonly peers: PeerStore;
  readonly traffic: TrafficStore;
  readonly retention: RetentionStore;
  readonly budgets: BudgetStore;
  readonly idempotency: IdempotencyStore;
  readonly digests: DigestStore;
  /** Whether no other process can use this storage. */
  readonly isAlone: boolean;
  /** Throws unless the object store can be reached and the access key has all rights that the service needs. */
  readonly checkObjects: (signal: AbortSignal) => Promise<void>;
  /** Sentences for operators about problems that do not stop the service, but should be solved. */
  readonly listConcerns: () => Promise<readonly string[]>;
  /** The folder for temporary files. It exists. */
  readonly spoolDir: string;
  close(): Promise<void>;
}

export interface StartUp {
  /** How long to wait at start for a database and an object store that are not up yet; without it, for ever. */
  readonly patienceMs?: number | undefined;
  /** Called when the start begins to wait for a part (`failed`), and when the part is there (`ok`). */
  readonly onPart?: ((name: "database" | "object_store", state: "ok" | "failed") => void) | undefined;
  /** Aborts the waiting. */
  readonly signal?: AbortSignal | undefined;
}

export interface StorageDeps extends StartUp {
  /** Whether the node keeps a record of what the database does. */
  readonly isRecording: boolean;
  /** Whether retention removes results. Then a result that is being removed must not be tagged. */
  readonly isExpiring: boolean;
  /** The id of the request being served, if any. */
  readonly requestId: () => string | undefined;
  readonly log: Log;
  readonly observe: ObserveCall;
}

/** Logs which migrations were applied, if any. */
export function logMigrations(log: Log, applied: readonly string[]): void {
  if (applied.length > 0) log.info("database.migrated", { applied });
}

/** The object store that the settings name. It opens and creates nothing before its first use. */
export function openObjectStore(storage: StorageSettings, log: Log): ObjectStore {
  if (storage.kind === "directory") return createDirectoryObjectStore({ root: join(storage.dataDir, "objects") });
  const { endpointUrl: endpoint, ...s3 } = storage.s3;
  return createS3ObjectStore({ endpoint, ...s3, log });
}

/** The path of the SQLite file. */
export function sqlitePath(dataDir: string): string {
  return join(dataDir, "catalog.sqlite");
}
