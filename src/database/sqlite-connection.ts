import { Database, SQLiteError } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { DrizzleError, DrizzleQueryError } from "drizzle-orm/errors";
import { AppError } from "../errors.ts";

export type SqliteDatabase = ReturnType<typeof openDrizzle>;

/** One connection to a database file that several adapters may share. */
export interface Sqlite {
  /**
   * Does the work, which is synchronous. Throws `AppError("storage_full")` when the disk is full, `AppError("database")` for
   * every other failure of SQLite; other errors pass unchanged.
   */
  run<T>(work: (db: SqliteDatabase) => T): Promise<T>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Opens or makes the file; its folder must exist. A commit is on the disk when it returns. Throws as `run` does. */
export function openSqlite(path: string): Sqlite {
  const client = connect(path);
  const db = openDrizzle(client);
  let isOpen = true;
  return {
    async run(work) {
      if (!isOpen) {
        throw new AppError("database", "The database is not available", {
          operatorDetail: `SQLite at ${path} is closed`,
        });
      }
      try {
        return work(db);
      } catch (error) {
        throw describeSqliteFailure(error, path);
      }
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      try {
        // SQLite would do this itself, were it not for drizzle's statements, which stay open until they are collected.
        client.run("pragma wal_checkpoint(truncate)");
      } catch {
        // A full disk, say. What is committed stays in the write-ahead log, and the next process finds it there.
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
  try {
    const client = new Database(path, { create: true, readwrite: true });
    client.run("pragma busy_timeout = 5000");
    client.run("pragma journal_mode = wal");
    client.run("pragma synchronous = full");
    client.run("pragma foreign_keys = on");
    return client;
  } catch (error) {
    throw describeSqliteFailure(error, path);
  }
}

function describeSqliteFailure(error: unknown, path: string): unknown {
  const cause = error instanceof DrizzleError || error instanceof DrizzleQueryError ? error.cause : error;
  if (!(cause instanceof SQLiteError)) {
    return error;
  }
  const operatorDetail = `SQLite at ${path}: ${cause.message} (${cause.code ?? cause.errno})`;
  return cause.code === "SQLITE_FULL"
    ? new AppError("storage_full", "There is no room left on this node", { cause, operatorDetail })
    : new AppError("database", "The database is not available", { cause, operatorDetail });
}
