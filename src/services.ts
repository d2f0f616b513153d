import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "./catalog/catalog.ts";
import { createPostgresCatalog } from "./catalog/postgres.ts";
import { createSqliteCatalog } from "./catalog/sqlite.ts";
import { createNodeCipher } from "./crypto/ecdh-cipher.ts";
import { parsePrivateKey } from "./crypto/keys.ts";
import { acquireDataDirLock } from "./database/data-dir-lock.ts";
import { migratePostgres } from "./database/migrate-postgres.ts";
import { migrateSqlite } from "./database/migrate-sqlite.ts";
import { openPostgres } from "./database/postgres-connection.ts";
import { openSqlite } from "./database/sqlite-connection.ts";
import { createHub } from "./hub/client.ts";
import type { Hub } from "./hub/hub.ts";
import type { Authenticator } from "./identity/authenticator.ts";
import { createJwtAuthenticator } from "./identity/jwt-authenticator.ts";
import { createRemoteKeys } from "./identity/remote-keys.ts";
import type { Log } from "./log.ts";
import { createOutbound } from "./net/outbound.ts";
import { createDirectoryObjectStore } from "./objects/directory.ts";
import type { ObjectStore } from "./objects/object-store.ts";
import { createS3ObjectStore } from "./objects/s3.ts";
import { createIntermediateResults, type IntermediateResults } from "./results/intermediate.ts";
import { createLocalResults, type LocalResults } from "./results/local.ts";
import { createReconciler } from "./results/reconciler.ts";
import { createUndoStore } from "./results/undo-store.ts";
import type { Settings, StorageSettings } from "./settings.ts";
import { createSpool } from "./streams/spool.ts";

export interface Services {
  readonly authenticator: Authenticator;
  readonly local: LocalResults;
  readonly intermediate: IntermediateResults;
  /** Ends background work and closes what was opened. */
  close(): Promise<void>;
}

interface Storage {
  readonly objects: ObjectStore;
  readonly catalog: Catalog;
  /** For temporary files; exists. */
  readonly spoolDir: string;
  close(): Promise<void>;
}

/** Joins adapters and use cases as the settings say, with the database brought up to date. */
export async function createServices(settings: Settings, log: Log): Promise<Services> {
  const storage = await openStorage(settings.storage, log);
  const { objects, catalog } = storage;
  const hub = connectHub(settings, log);
  const undo = createUndoStore({ objects, catalog, log });
  const reconciler = createReconciler({ objects, log, now: Date.now });
  reconciler.start();
  const newId = () => crypto.randomUUID();
  const adapterClientId = settings.hubAdapterClientId;
  const local = createLocalResults({ objects, catalog, hub, undo, newId, adapterClientId });
  const spool = createSpool({ dir: storage.spoolDir });
  const { framing, chunkBytes } = settings.crypto;
  const privateKey = parsePrivateKey(settings.crypto.key.pem);
  return {
    authenticator: createAuthenticator(settings.oidc, log),
    local,
    intermediate: createIntermediateResults({
      hub,
      cipher: createNodeCipher({ privateKey, framing, chunkBytes, spool, randomBytes }),
      spool,
      local,
      findOwnNodeId: async () => settings.hub.nodeId ?? hub.findOwnNodeId(),
      newId,
      options: settings.intermediate,
      log,
    }),
    async close() {
      reconciler.stop();
      await undo.close();
      await storage.close();
    },
  };
}

async function openStorage(storage: StorageSettings, log: Log): Promise<Storage> {
  return storage.kind === "directory" ? openEmbedded(storage.dataDir, log) : openServers(storage, log);
}

async function openEmbedded(dataDir: string, log: Log): Promise<Storage> {
  const lock = acquireDataDirLock(dataDir);
  const sqlite = openSqlite(join(dataDir, "catalog.sqlite"));
  const close = async () => {
    await sqlite.close();
    lock.release();
  };
  try {
    logMigrations(log, await migrateSqlite(sqlite));
    const objects = createDirectoryObjectStore({ root: join(dataDir, "objects") });
    const spoolDir = join(dataDir, "spool");
    mkdirSync(spoolDir, { recursive: true, mode: 0o700 });
    return { objects, catalog: createSqliteCatalog(sqlite), spoolDir, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openServers(storage: StorageSettings & { kind: "s3+postgres" }, log: Log): Promise<Storage> {
  const { endpointUrl: endpoint, ...s3 } = storage.s3;
  const postgres = openPostgres(storage.postgres);
  try {
    logMigrations(log, await migratePostgres(postgres));
    const objects = createS3ObjectStore({ endpoint, ...s3, log });
    return { objects, catalog: createPostgresCatalog(postgres), spoolDir: tmpdir(), close: postgres.close };
  } catch (error) {
    await postgres.close();
    throw error;
  }
}

function logMigrations(log: Log, applied: readonly string[]): void {
  if (applied.length > 0) log.info("database.migrated", { applied });
}

function connectHub({ hub, proxy }: Settings, log: Log): Hub {
  return createHub({
    authUrl: hub.authBaseUrl,
    coreUrl: hub.coreBaseUrl,
    storageUrl: hub.storageBaseUrl,
    signIn: hub.auth,
    outbound: createOutbound({ proxy, log }),
    cacheSeconds: hub.cacheSeconds,
    now: Date.now,
    log,
  });
}

function createAuthenticator(oidc: Settings["oidc"], log: Log): Authenticator {
  // Never through the Hub's proxy: the identity provider stands in the node.
  const keys = createRemoteKeys({ url: oidc.certsUrl, fetch: (url, init) => fetch(url, init), now: Date.now, log });
  if (oidc.skipJwtValidation) log.warn("identity.unchecked", { reason: "OIDC__SKIP_JWT_VALIDATION is set" });
  return createJwtAuthenticator({
    keys,
    now: Date.now,
    clientIdClaim: oidc.clientIdClaimName,
    algorithms: oidc.algorithms,
    issuer: oidc.issuer,
    audience: oidc.audience,
    skipValidation: oidc.skipJwtValidation,
  });
}
