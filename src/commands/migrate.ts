import { reasonOf } from "../errors.ts";
import { openDatabase } from "./open-database.ts";
import { exitConfig, type ProcessIo } from "./process-io.ts";
import { readSettings } from "./read-settings.ts";

/** Brings the database up to date, as `serve` does at its start, and prints what it applied. */
export async function migrate(io: ProcessIo): Promise<number> {
  const settings = readSettings(io);
  if (settings === undefined) return exitConfig;
  const database = openDatabase(settings.storage);
  try {
    const applied = await database.migrate();
    for (const name of applied) io.print(`applied ${name}`);
    if (applied.length === 0) io.print("The database is up to date; there was nothing to do.");
    return 0;
  } catch (error) {
    io.printError(`The database was not migrated: ${reasonOf(error)}`);
    return 1;
  } finally {
    await database.close();
  }
}
