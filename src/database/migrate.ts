/** One SQL file under `drizzle/`; `name` is the file's name without its ending. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** The database cannot be brought to the state this executable needs; `message` tells the operator why. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/**
 * The migrations that have not been applied yet, in order.
 * Throws a {@link MigrationError} if the database knows one that this executable does not.
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

/** The single statements of a migration, which drizzle-kit separates by a marker. */
export function splitStatements(migration: Migration): string[] {
  return migration.sql
    .split("--> statement-breakpoint")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
