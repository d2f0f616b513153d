import { SQL } from "bun";
import { DrizzleQueryError } from "drizzle-orm/errors";
import { AppError } from "../errors.ts";
import { adviseOnTls } from "../tls-failure.ts";
import { MigrationError } from "./migrate.ts";

// The driver's codes for a connection that failed or was lost.
const lostConnection = /^ERR_POSTGRES_(?:CONNECTION_(?:CLOSED|REFUSED|TIMEOUT)|IDLE_TIMEOUT|LIFETIME_TIMEOUT)$/;
// The server is stopping or starting, has ended our session, or its database is gone (the old server after a
// fail-over). Or a pooler has lost its server or has given the session to another client. Or the server has too many
// connections. (PostgreSQL manual, appendix A)
const endedSession = /^(?:57P0[1-5]|25P0[34]|08...|53300|26000|42P05)$/;
// The server aborted our transaction because of a deadlock or a serialization conflict.
const conflict = /^(?:40P01|40001)$/;
// The server has become a standby. A new connection to the same address may lead to the primary.
const readOnly = "25006";

/**
 * Unwraps the driver's error from drizzle's. The message of drizzle's error would write query parameters to the log.
 */
export function findPostgresError(error: unknown): SQL.PostgresError | undefined {
  const inner = error instanceof DrizzleQueryError ? error.cause : error;
  return inner instanceof SQL.PostgresError ? inner : undefined;
}

/** Whether the server itself sent this error, which proves that it is alive. */
export function isServerResponse(error: unknown): boolean {
  return findPostgresError(error)?.code === "ERR_POSTGRES_SERVER_ERROR";
}

/** Whether a second attempt on another connection may succeed. */
export function isTransient(error: unknown): boolean {
  const { code = "", errno = "" } = findPostgresError(error) ?? {};
  if (refusesStartUpParameters(error)) return false;
  return code === "ERR_POSTGRES_CONNECTION_TIMEOUT"
    ? false
    : lostConnection.test(code) || isEnded(errno) || conflict.test(errno);
}

const isEnded = (state: string): boolean => endedSession.test(state) || state === readOnly;

/** Whether the connection must not be used again after this error. */
export function isConnectionBroken(error: unknown): boolean {
  const failure = findPostgresError(error);
  return failure !== undefined && (!isServerResponse(error) || isEnded(failure.errno ?? "") || isLastingRefusal(error));
}

/** Whether the other open connections cannot be trusted either. */
export function isStale(error: unknown): boolean {
  const { code = "", errno = "" } = findPostgresError(error) ?? {};
  return code === "ERR_POSTGRES_CONNECTION_CLOSED" || /^57P0[1-4]$/.test(errno) || errno === readOnly;
}

/** Whether a pooler refused a start-up parameter. pgbouncer refuses each one that it is not configured to ignore. */
export function refusesStartUpParameters(error: unknown): boolean {
  const { errno, message = "" } = findPostgresError(error) ?? {};
  return errno === "08P01" && /unsupported startup parameter/i.test(message);
}

/** Whether the work may have been committed despite the error: it had begun, and the server did not refuse it. */
export function mayHaveHappened(error: unknown): boolean {
  const failure = findPostgresError(error);
  if (failure === undefined || failure.code === "ERR_POSTGRES_CONNECTION_REFUSED") return false;
  return failure.code !== "ERR_POSTGRES_SERVER_ERROR" || /^(?:57P|08)/.test(failure.errno ?? "");
}

/**
 * Whether the server refuses us for a reason that waiting does not solve: user, password, database or missing rights.
 * (PostgreSQL manual, appendix A, classes 0A, 28, 3D, 3F, 42)
 */
export function isLastingRefusal(error: unknown): boolean {
  const state = findPostgresError(error instanceof AppError ? error.cause : error)?.errno ?? "";
  return error instanceof MigrationError || /^(?:0A|28|3D|3F|42(?!P05))/.test(state);
}

/** Finds an error about the server's certificate. The driver passes it on unchanged from the TLS library. */
function findTlsError(
  error: unknown,
): { readonly message: string; readonly code: string; readonly errno?: string } | undefined {
  const inner = error instanceof DrizzleQueryError ? error.cause : error;
  if (!(inner instanceof Error) || !("code" in inner) || typeof inner.code !== "string") return undefined;
  return adviseOnTls(inner.code) === undefined ? undefined : { message: inner.message, code: inner.code };
}

/** Turns a driver's error into an `AppError`. Any other error is a bug and is returned unchanged. */
export function describePostgresFailure(error: unknown, server: string, uncertain: boolean): unknown {
  const cause = findPostgresError(error) ?? findTlsError(error);
  if (cause === undefined) {
    return error;
  }
  const advice = adviseOnTls(cause.code);
  const operatorDetail = `PostgreSQL at ${server}: ${cause.message} (${cause.errno ?? cause.code})${advice === undefined ? "" : `: ${advice}`}`;
  // Class 22 (data exception): the column cannot hold the value.
  return cause.errno?.startsWith("22")
    ? new AppError("invalid_input", "The database does not accept this value", { cause, operatorDetail })
    : new AppError("database", "The database is not available", { cause, operatorDetail, uncertain });
}
