/** One SQL file under `drizzle/`; `name` is the file's name without its ending. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** The database cannot be migrated to the state that this executable needs. `message` tells the operator why. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/**
 * Lists the migrations that are not applied yet, in order.
 * Throws a {@link MigrationError} if the database has a migration that this executable does not know.
 */
export function findPending(known: readonly Migration[], applied: readonly string[]): Migration[] {
  const knownNames = new Set(known.map(({ name }) => name));
  const unknown = applied.filter((name) => !knownNames.has(name));
  if (unknown.length > 0) {
    throw new MigrationError(
      `The database was used by a newer version of this service (it has the unknown migration ${unknown.join(", ")}). ` +
        "Run that version, or restore the backup made before the upgrade.",
    );
  }
  return known.filter(({ name }) => !applied.includes(name));
}

/** Splits a migration into its statements. drizzle-kit separates them by a marker. */
export function splitStatements(migration: Migration): string[] {
  return migration.sql
    .split("--> statement-breakpoint")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
