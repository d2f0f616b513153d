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
  /** Throws unless the object store can be reached, and the access key may do all that is needed. */
  readonly checkObjects: (signal: AbortSignal) => Promise<void>;
  /** Sentences for operators about what works but should not stay so. */
  readonly listConcerns: () => Promise<readonly string[]>;
  /** For temporary files; exists. */
  readonly spoolDir: string;
  close(): Promise<void>;
}

export interface StartUp {
  /** How long to wait at start for a database and an object store that are not up yet; for ever where not given. */
  readonly patienceMs?: number | undefined;
  /** Hears what is waited for, and what is there. */
  readonly onPart?: ((name: "database" | "object_store", state: "ok" | "failed") => void) | undefined;
  /** Ends that waiting. */
  readonly signal?: AbortSignal | undefined;
}

export interface StorageDeps extends StartUp {
  /** Whether what the database does is put on record. */
  readonly isRecording: boolean;
  /** Whether results go by themselves: then nobody may tag one that is just going. */
  readonly isExpiring: boolean;
  /** Of the request being served, if any. */
  readonly requestId: () => string | undefined;
  readonly log: Log;
  readonly observe: ObserveCall;
}

/** Says which migrations were applied, if any. */
export function logMigrations(log: Log, applied: readonly string[]): void {
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
