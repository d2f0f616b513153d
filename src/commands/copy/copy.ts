import { reasonOf } from "../../errors.ts";
import { quietLog } from "../../log.ts";
import { parseLocalKey } from "../../retention/local-key.ts";
import type { StorageSettings } from "../../settings/settings.ts";
import { exitConfig, exitUsage, type ProcessIo } from "../process-io.ts";
import { progressBar } from "../progress-bar.ts";
import { type Counted, changed, compareObjects, copyObjects, countObjects, during } from "./copy-objects.ts";
import { copyRows, findSharedTables, fingerprint, type SharedTable } from "./copy-rows.ts";
import { type End, findStorage, openEnd, placesOf } from "./open-end.ts";

export interface CopyRequest {
  readonly from: string;
  readonly to: string;
  readonly dryRun: boolean;
}

const pageSize = 500;

/** Copies all objects and rows of one storage to another. Resolves with the exit code. */
export async function copy(io: ProcessIo, request: CopyRequest): Promise<number> {
  let storages: readonly [StorageSettings, StorageSettings];
  try {
    storages = [findStorage(request.from, io.env, io.readTextFile), findStorage(request.to, io.env, io.readTextFile)];
  } catch (error) {
    io.printError(reasonOf(error));
    return exitConfig;
  }
  const [from, to] = storages.map(placesOf);
  if (from?.objects === to?.objects && from?.rows === to?.rows) {
    io.printError("--from and --to are the same storage.");
    return exitUsage;
  }
  try {
    await (request.dryRun ? rehearse(io, storages) : run(io, storages));
    return 0;
  } catch (error) {
    io.showProgress("");
    io.printError(reasonOf(error));
    return 1;
  }
}

/** Reads the source and checks that the target can be reached. Changes nothing in the target. */
async function rehearse(io: ProcessIo, [source, target]: readonly [StorageSettings, StorageSettings]): Promise<void> {
  const from = await openEnd(source, "source", quietLog);
  try {
    await during("The source", from.objects.check());
    const { bytes, objects } = await during("The source", countObjects(from.objects));
    io.print(`Would copy ${objects} objects of ${bytes} bytes from ${from.objectsPlace}`);
    for (const table of await during("The source", from.rows.listTables())) {
      const rows = await from.rows.count(table.name);
      if (rows > 0) io.print(`Would copy ${rows} rows of the table ${table.name}`);
    }
  } finally {
    await from.close();
  }
  if (target.kind === "directory") return;
  const to = await openEnd(target, "target", quietLog);
  try {
    await during("The target", to.objects.check());
    await during("The target", to.rows.listTables());
    io.print(`The target can be reached: ${to.objectsPlace} and ${to.rows.place}`);
  } finally {
    await to.close();
  }
}

async function run(io: ProcessIo, [source, target]: readonly [StorageSettings, StorageSettings]): Promise<void> {
  const from = await openEnd(source, "source", quietLog);
  try {
    await during("The source", from.objects.check());
    const to = await openEnd(target, "target", quietLog);
    await move(io, from, to).finally(to.close);
  } finally {
    await from.close();
  }
}

async function move(io: ProcessIo, from: End, to: End): Promise<void> {
  await during("The target", to.objects.check());
  const total = await during("The source", countObjects(from.objects));
  await during("The target", to.migrate());
  const tables = await findSharedTables(from.rows, to.rows);
  const hasOtherObjects = from.objectsPlace !== to.objectsPlace;
  const hasOtherRows = from.rows.place !== to.rows.place;
  await refuseOthersData(to, tables, { hasOtherObjects, hasOtherRows });
  await during("The target", to.rows.journal.open());
  const before = await during("The source", fingerprint(from.rows, tables));
  const objects = { from: from.objects, to: to.objects, journal: to.rows.journal };
  if (hasOtherObjects) {
    await copyObjects({ ...objects, progress: (bytes) => io.showProgress(`${progressBar(bytes, total.bytes)} bytes`) });
    io.showProgress("comparing");
    await compareObjects(objects);
  }
  if (hasOtherRows) {
    io.showProgress("copying rows");
    await during("Copying rows", copyRows(from.rows, to.rows, tables));
  }
  const after = await fingerprint(from.rows, tables);
  if (after.rows !== before.rows || after.sum !== before.sum) throw changed();
  if (hasOtherObjects) await keepAges(from, to);
  await to.rows.journal.drop();
  io.showProgress("");
  tell(io, total, hasOtherRows ? after.rows : 0, to);
}

function tell(io: ProcessIo, { objects, bytes }: Counted, rows: number, to: End): void {
  io.print(`Copied ${objects} objects of ${bytes} bytes and ${rows} rows to ${to.objectsPlace}.`);
  io.print("Let the service use the new storage; the old one is as it was, and can be removed once you are content.");
}

/** Throws if the target already holds data of another node or of an older copy: the two must not mix. */
async function refuseOthersData(
  to: End,
  tables: readonly SharedTable[],
  { hasOtherObjects, hasOtherRows }: { readonly hasOtherObjects: boolean; readonly hasOtherRows: boolean },
): Promise<void> {
  if (await during("The target", to.rows.journal.exists())) return;
  if (hasOtherObjects) {
    for await (const { key } of to.objects.scan("")) {
      throw new Error(`The target holds objects already, such as ${key}; an empty one is needed: ${to.objectsPlace}`);
    }
  }
  if (!hasOtherRows) return;
  for (const { to: table } of tables) {
    if ((await to.rows.count(table.name)) === 0) continue;
    throw new Error(
      `The target holds rows already, in the table ${table.name}; an empty database is needed: ${to.rows.place}`,
    );
  }
}

/** Keeps each result's original age, since retention rules go by it and the target's files are new. */
async function keepAges(from: End, to: End): Promise<void> {
  let page: { projectId: string; objectId: string; sizeBytes: number; storedAt: Date }[] = [];
  const flush = async () => {
    await to.retention.objects.addListed(page);
    page = [];
  };
  for await (const { key, sizeBytes, modifiedAt } of from.objects.scan("local/")) {
    const id = parseLocalKey(key);
    if (id !== undefined) page.push({ ...id, sizeBytes, storedAt: modifiedAt });
    if (page.length === pageSize) await flush();
  }
  await flush();
}
