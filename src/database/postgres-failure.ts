import { SQL } from "bun";
import { DrizzleQueryError } from "drizzle-orm/errors";
import { AppError } from "../errors.ts";
import { MigrationError } from "./migrate.ts";

// Driver codes, then SQLSTATEs: the server stops, starts or ended our session; a deadlock or a serialization conflict
// had us as its victim. (PostgreSQL manual, appendix A)
const transientCodes = new Set([
  "ERR_POSTGRES_CONNECTION_CLOSED",
  "ERR_POSTGRES_CONNECTION_REFUSED",
  "ERR_POSTGRES_IDLE_TIMEOUT",
  "ERR_POSTGRES_LIFETIME_TIMEOUT",
  "57P01",
  "57P02",
  "57P03",
  "40P01",
  "40001",
]);

/** The driver's own error, freed from drizzle's wrapper, whose message would carry the query's parameters into the log. */
export function findPostgresError(error: unknown): SQL.PostgresError | undefined {
  const inner = error instanceof DrizzleQueryError ? error.cause : error;
  return inner instanceof SQL.PostgresError ? inner : undefined;
}

/** Whether the server itself gave this error as an answer, which proves that it is alive. */
export function isServerResponse(error: unknown): boolean {
  return findPostgresError(error)?.code === "ERR_POSTGRES_SERVER_ERROR";
}

/** Whether a second try, on another connection, may well succeed. */
export function isTransient(error: unknown): boolean {
  const failure = findPostgresError(error);
  return failure !== undefined && (transientCodes.has(failure.code) || transientCodes.has(failure.errno ?? ""));
}

/** Whether work that failed so may have been committed all the same: it had begun, and the server never said no. */
export function mayHaveHappened(error: unknown): boolean {
  const failure = findPostgresError(error);
  if (failure === undefined || failure.code === "ERR_POSTGRES_CONNECTION_REFUSED") return false;
  return failure.code !== "ERR_POSTGRES_SERVER_ERROR" || (failure.errno?.startsWith("57P") ?? false);
}

/**
 * Whether the server refuses us for what waiting will not mend: user, password, database or what they may do.
 * (PostgreSQL manual, appendix A, classes 0A, 28, 3D, 42)
 */
export function isLastingRefusal(error: unknown): boolean {
  const state = findPostgresError(error instanceof AppError ? error.cause : error)?.errno ?? "";
  return error instanceof MigrationError || /^(?:0A|28|3D|42)/.test(state);
}

/** Turns a driver's error into an `AppError`; anything else is a bug and comes back as it is. */
export function describePostgresFailure(error: unknown, server: string, uncertain: boolean): unknown {
  const cause = findPostgresError(error);
  if (cause === undefined) {
    return error;
  }
  const operatorDetail = `PostgreSQL at ${server}: ${cause.message} (${cause.errno ?? cause.code})`;
  // Class 22, data exception: a value that the column cannot hold.
  return cause.errno?.startsWith("22")
    ? new AppError("invalid_input", "The database does not accept this value", { cause, operatorDetail })
    : new AppError("database", "The database is not available", { cause, operatorDetail, uncertain });
}
