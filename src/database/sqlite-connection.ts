import { Database, SQLiteError } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { DrizzleError, DrizzleQueryError } from "drizzle-orm/errors";
import { AppError } from "../errors.ts";

export type SqliteDatabase = ReturnType<typeof openDrizzle>;

/** One connection to a database file that several adapters may share. */
export interface Sqlite {
  /**
   * Does the work, which is synchronous. While another process has locked the file, it tries again, without blocking
   * the event loop in between. Throws `AppError("storage_full")` when the disk is full, and `AppError("database")` for
   * every other failure of SQLite. Other errors pass unchanged.
   */
  run<T>(work: (db: SqliteDatabase) => T): Promise<T>;
  /** Idempotent. */
  close(): Promise<void>;
}

const busyPauseMs = 20;
/** Equal to the time that PostgreSQL has to connect and answer. */
const busyLimitMs = 20_000;

/**
 * Opens or creates the file; its folder must exist. Commits return only when they are on disk. Throws as `run` does.
 */
export function openSqlite(path: string, limitMs = busyLimitMs): Sqlite {
  const client = connect(path);
  const db = openDrizzle(client);
  let isOpen = true;
  let isPrepared = false;

  function attempt<T>(work: (db: SqliteDatabase) => T): T {
    if (!isPrepared) prepare(client);
    isPrepared = true;
    return work(db);
  }

  return {
    async run(work) {
      for (let waitedMs = 0; ; waitedMs += busyPauseMs) {
        if (!isOpen) {
          const operatorDetail = `SQLite at ${path} is closed`;
          throw new AppError("database", "The database is not available", { operatorDetail });
        }
        try {
          return attempt(work);
        } catch (error) {
          if (!isBusy(error) || waitedMs >= limitMs) throw describeSqliteFailure(error, path);
        }
        await Bun.sleep(busyPauseMs);
      }
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      try {
        // SQLite does this itself only if all statements are closed, but drizzle's stay open until they are
        // garbage-collected.
        client.run("pragma wal_checkpoint(truncate)");
      } catch {
        // For example, the disk is full. Committed data stays in the write-ahead log, where the next process finds it.
      } finally {
        client.close();
      }
    },
  };
}

function openDrizzle(client: Database) {
  return drizzle({ client });
}

function connect(path: string): Database {
  let client: Database | undefined;
  try {
    client = new Database(path, { create: true, readwrite: true });
    // SQLite's own waiting would block the whole process, even its health check.
    client.run("pragma busy_timeout = 0");
    prepare(client);
    return client;
  } catch (error) {
    // The first call of `run` prepares the connection after the lock is gone.
    if (client !== undefined && isBusy(error)) return client;
    client?.close();
    throw describeSqliteFailure(error, path);
  }
}

function prepare(client: Database): void {
  client.run("pragma journal_mode = wal");
  client.run("pragma synchronous = full");
  client.run("pragma foreign_keys = on");
}

function sqliteErrorOf(error: unknown): SQLiteError | undefined {
  const cause = error instanceof DrizzleError || error instanceof DrizzleQueryError ? error.cause : error;
  return cause instanceof SQLiteError ? cause : undefined;
}

/** Whether another process holds a lock, or has changed data that a transaction had read. */
function isBusy(error: unknown): boolean {
  return sqliteErrorOf(error)?.code?.startsWith("SQLITE_BUSY") ?? false;
}

function describeSqliteFailure(error: unknown, path: string): unknown {
  const cause = sqliteErrorOf(error);
  if (cause === undefined) return error;
  const operatorDetail = `SQLite at ${path}: ${cause.message} (${cause.code ?? cause.errno})`;
  return cause.code === "SQLITE_FULL"
    ? new AppError("storage_full", "There is no room left on this node", { cause, operatorDetail })
    : new AppError("database", "The database is not available", { cause, operatorDetail });
}
