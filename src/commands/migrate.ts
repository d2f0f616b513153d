import { explainError } from "./explain-error.ts";
import { type Edge, exitConfig } from "./host.ts";
import { openDatabase } from "./open-database.ts";
import { readSettings } from "./read-settings.ts";

/** Brings the database up to date, as `serve` would at its start, and says what that took. */
export async function migrate(edge: Edge): Promise<number> {
  const settings = readSettings(edge);
  if (settings === undefined) return exitConfig;
  const database = openDatabase(settings.storage);
  try {
    const applied = await database.migrate();
    for (const name of applied) edge.print(`applied ${name}`);
    if (applied.length === 0) edge.print("The database is up to date; there was nothing to do.");
    return 0;
  } catch (error) {
    edge.complain(`The database was not migrated: ${explainError(error)}`);
    return 1;
  } finally {
    await database.close();
  }
}
