import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { adviceOn, proveWritable } from "../../app/prove-writable.ts";
import { openObjectStore, sqlitePath } from "../../app/storage.ts";
import { MigrationError } from "../../database/migrate.ts";
import { findPostgresError } from "../../database/postgres-failure.ts";
import { AppError, reasonOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { MissingRight, proveRights } from "../../objects/store-rights.ts";
import { findBrokenEnd } from "../../record/verify-record.ts";
import type { Settings, StorageSettings } from "../../settings/settings.ts";
import { openDatabase } from "../open-database.ts";
import { openStores } from "../open-stores.ts";
import type { DoctorContext } from "./context.ts";
import { adviseOnStore } from "./store-advice.ts";
import { type Check, failed, ok, type Verdict, warning } from "./verdict.ts";

const checkLimitMs = 8_000;
const checkedRows = 1_000;
/** The service seals every two seconds, so 30 s without a seal is a fault. */
const latestSealSeconds = 30;

/** Checks object store, database and record. Stores, reads and removes a probe object, but creates no table or folder. */
export function storageChecks({ settings, log }: DoctorContext): readonly Check[] {
  const { storage } = settings;
  if (storage.kind === "directory" && !existsSync(join(storage.dataDir, "objects", ".staging"))) {
    return [{ name: "data folder", run: async () => judgeNewFolder(storage.dataDir) }];
  }
  return [
    {
      name: "object store",
      async run() {
        try {
          return await probe(openObjectStore(storage, log), describeStore(storage));
        } catch (error) {
          return failed(reasonOf(error), adviseOnStore(error, storage));
        }
      },
    },
    { name: "database", run: () => checkDatabase(storage) },
    ...(storage.kind === "directory" ? [] : [{ name: "temporary folder", run: async () => checkTemporaryFolder() }]),
    ...(settings.record.isEnabled ? [{ name: "record", run: () => checkRecord(settings, log) }] : []),
  ];
}

/** The service creates the folder at its first start. The check only looks at it. */
function judgeNewFolder(dataDir: string): Verdict {
  let existing = resolve(dataDir);
  while (!existsSync(existing)) existing = dirname(existing);
  proveWritable(existing, adviceOn.dataDir);
  return warning(`${dataDir} is still empty`, "The service fills it at its first start; check again then.");
}

function checkTemporaryFolder(): Verdict {
  proveWritable(tmpdir(), adviceOn.temporary);
  return ok(`${tmpdir()} can be written to`);
}

async function probe(objects: ReturnType<typeof openObjectStore>, where: string): Promise<Verdict> {
  try {
    const signal = AbortSignal.timeout(checkLimitMs);
    const isSame = await proveRights(objects, `doctor-${crypto.randomUUID()}`, signal);
    if (!isSame) {
      return failed(`${where}: a stored probe is not given back as it was`, "Look at the object store's health.");
    }
    const concerns = await objects.inspect(signal);
    if (concerns.length > 0) return warning(where, concerns.join(" "));
    return ok(`${where}: a probe was stored, read and removed`);
  } catch (error) {
    if (!(error instanceof MissingRight)) throw error;
    return failed(`${where}: ${error.message}`, "Allow it in the key's policy at the object store.");
  }
}

function describeStore(storage: StorageSettings): string {
  return storage.kind === "directory" ? storage.dataDir : `bucket ${storage.s3.bucket} at ${storage.s3.endpointUrl}`;
}

async function checkDatabase(storage: StorageSettings): Promise<Verdict> {
  if (storage.kind === "directory" && !existsSync(sqlitePath(storage.dataDir))) {
    return failed(`${sqlitePath(storage.dataDir)} is gone, though there are objects`, "Restore it from a backup.");
  }
  const database = openDatabase(storage);
  try {
    const concerns = await database.inspect();
    const pending = await database.listPending();
    const where = describeDatabase(storage);
    if (pending.length === 0 && concerns.length > 0) return warning(where, concerns.join(" "));
    if (pending.length === 0) return ok(`${where}: up to date`);
    const how = "The service applies them at its next start; `flame-result migrate` does it now.";
    return warning(`${where}: migrations are pending: ${pending.join(", ")}`, [...concerns, how].join(" "));
  } catch (error) {
    if (error instanceof MigrationError) return failed(reasonOf(error), "The service would not start on it.");
    return failed(reasonOf(error), await remedyForDatabase(error, storage));
  } finally {
    await database.close();
  }
}

/** Checks only the newest rows: the whole chain may take long, and `flame-result record verify` checks it. */
async function checkRecord(settings: Settings, log: Log): Promise<Verdict> {
  const stores = await openStores(settings, log);
  try {
    const { rows, unsealedSeconds } = await stores.record.stats();
    const broken = await findBrokenEnd(stores.record, checkedRows);
    if (broken !== undefined)
      return failed(broken.reason, "`flame-result record verify` tells more; keep the database as it is.");
    if (unsealedSeconds > latestSealSeconds) {
      const waited = `a row has not been sealed for ${Math.round(unsealedSeconds)} s`;
      return warning(waited, "The running service seals; is it up, and what does its log say of record.seal.failed?");
    }
    return ok(`${rows} rows, the last ${Math.min(rows, checkedRows)} of them fit together`);
  } finally {
    await stores.close();
  }
}

function describeDatabase(storage: StorageSettings): string {
  if (storage.kind === "directory") return sqlitePath(storage.dataDir);
  const { host, port, database } = storage.postgres;
  return `PostgreSQL at ${host}:${port}, database ${database}`;
}

/** Chooses advice by SQLSTATE (PostgreSQL manual, appendix A). */
async function remedyForDatabase(error: unknown, storage: StorageSettings): Promise<string> {
  if (storage.kind === "directory") return "Check DATA_DIR, its owner, its mode and the disk.";
  const state = findPostgresError(error instanceof AppError ? error.cause : error)?.errno ?? "";
  if (state === "28P01") return "Check POSTGRES__USER and POSTGRES__PASSWORD.";
  if (state.startsWith("28")) return "Check POSTGRES__USER, and the server's pg_hba.conf.";
  if (state === "3D000") return `Create the database, or check POSTGRES__DB (${storage.postgres.database}).`;
  if (state.startsWith("42")) return "Let POSTGRES__USER read and make tables in the database.";
  if (state === "" && /may only be read/.test(reasonOf(error))) {
    return "Let POSTGRES__HOST name the primary, or mend what has made it read-only.";
  }
  if (state !== "") return "Look at the server's log.";
  const { host } = storage.postgres;
  if (!(await isKnownHost(host))) return `The DNS does not know ${host}: check POSTGRES__HOST, and the DNS.`;
  return "Is the server up? Check POSTGRES__HOST and POSTGRES__PORT.";
}

/** The database driver does not tell an unknown host from a closed port. */
function isKnownHost(host: string): Promise<boolean> {
  return lookup(host).then(
    () => true,
    () => false,
  );
}
