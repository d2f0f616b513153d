import { SQL } from "bun";
import { DrizzleQueryError } from "drizzle-orm/errors";
import { AppError } from "../errors.ts";
import { adviseOnTls } from "../tls-failure.ts";
import { MigrationError } from "./migrate.ts";

// The driver's codes for a connection that was not made or is lost.
const lostConnection = /^ERR_POSTGRES_(?:CONNECTION_(?:CLOSED|REFUSED|TIMEOUT)|IDLE_TIMEOUT|LIFETIME_TIMEOUT)$/;
// The server stops, starts or ended our session; its database is gone (a fail-over's old one); a pooler has lost its server, or
// gives the session to somebody else; there is no room for one more connection. (PostgreSQL manual, appendix A)
const endedSession = /^(?:57P0[1-5]|25P0[34]|08...|53300|26000|42P05)$/;
// We were the victim of a deadlock or a serialization conflict.
const conflict = /^(?:40P01|40001)$/;
// The server has become a standby: the primary may be behind the same address, on a new connection.
const readOnly = "25006";

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
  const { code = "", errno = "" } = findPostgresError(error) ?? {};
  if (refusesStartUpParameters(error)) return false;
  return code === "ERR_POSTGRES_CONNECTION_TIMEOUT"
    ? false
    : lostConnection.test(code) || isEnded(errno) || conflict.test(errno);
}

const isEnded = (state: string): boolean => endedSession.test(state) || state === readOnly;

/** Whether the connection that brought this error is not to be used again. */
export function isConnectionBroken(error: unknown): boolean {
  const failure = findPostgresError(error);
  return failure !== undefined && (!isServerResponse(error) || isEnded(failure.errno ?? "") || isLastingRefusal(error));
}

/** Whether other connections that are open cannot be trusted either. */
export function isStale(error: unknown): boolean {
  const { code = "", errno = "" } = findPostgresError(error) ?? {};
  return code === "ERR_POSTGRES_CONNECTION_CLOSED" || /^57P0[1-4]$/.test(errno) || errno === readOnly;
}

/** As pgbouncer does for each one that it is not told to ignore. */
export function refusesStartUpParameters(error: unknown): boolean {
  const { errno, message = "" } = findPostgresError(error) ?? {};
  return errno === "08P01" && /unsupported startup parameter/i.test(message);
}

/** Whether work that failed so may have been committed all the same: it had begun, and the server never said no. */
export function mayHaveHappened(error: unknown): boolean {
  const failure = findPostgresError(error);
  if (failure === undefined || failure.code === "ERR_POSTGRES_CONNECTION_REFUSED") return false;
  return failure.code !== "ERR_POSTGRES_SERVER_ERROR" || /^(?:57P|08)/.test(failure.errno ?? "");
}

/**
 * Whether the server refuses us for what waiting will not mend: user, password, database or what they may do.
 * (PostgreSQL manual, appendix A, classes 0A, 28, 3D, 3F, 42)
 */
export function isLastingRefusal(error: unknown): boolean {
  const state = findPostgresError(error instanceof AppError ? error.cause : error)?.errno ?? "";
  return error instanceof MigrationError || /^(?:0A|28|3D|3F|42(?!P05))/.test(state);
}

/** What the network gives, past the driver, for a server's certificate. */
function findTlsError(
  error: unknown,
): { readonly message: string; readonly code: string; readonly errno?: string } | undefined {
  const inner = error instanceof DrizzleQueryError ? error.cause : error;
  if (!(inner instanceof Error) || !("code" in inner) || typeof inner.code !== "string") return undefined;
  return adviseOnTls(inner.code) === undefined ? undefined : { message: inner.message, code: inner.code };
}

/** Turns a driver's error into an `AppError`; anything else is a bug and comes back as it is. */
export function describePostgresFailure(error: unknown, server: string, uncertain: boolean): unknown {
  const cause = findPostgresError(error) ?? findTlsError(error);
  if (cause === undefined) {
    return error;
  }
  const advice = adviseOnTls(cause.code);
  const operatorDetail = `PostgreSQL at ${server}: ${cause.message} (${cause.errno ?? cause.code})${advice === undefined ? "" : `: ${advice}`}`;
  // Class 22, data exception: a value that the column cannot hold.
  return cause.errno?.startsWith("22")
    ? new AppError("invalid_input", "The database does not accept this value", { cause, operatorDetail })
    : new AppError("database", "The database is not available", { cause, operatorDetail, uncertain });
}
