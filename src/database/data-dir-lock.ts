import { Database, SQLiteError } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../errors.ts";

export interface DataDirLock {
  /** Idempotent. */
  release(): void;
}

/**
 * Makes this process the only owner of a data folder, and creates the folder if it is missing. The lock is an open
 * SQLite transaction, so the operating system releases it when the process ends, even by SIGKILL. No stale lock can
 * remain. If another process holds the lock or the folder cannot be used, throws an Error that tells the operator what
 * to do.
 */
export function acquireDataDirLock(dir: string): DataDirLock {
  const lock = open(dir);
  try {
    lock.run("begin exclusive");
  } catch (cause) {
    lock.close();
    throw cause instanceof SQLiteError && cause.code === "SQLITE_BUSY"
      ? new Error(
          `The data folder ${dir} is in use by another process. Stop that one, or give this one a DATA_DIR of its own.`,
          { cause },
        )
      : unusable(dir, cause);
  }
  let isHeld = true;
  return {
    release() {
      if (isHeld) {
        isHeld = false;
        lock.close();
      }
    },
  };
}

function open(dir: string): Database {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return new Database(join(dir, "lock.sqlite"), { create: true, readwrite: true });
  } catch (cause) {
    throw unusable(dir, cause);
  }
}

function unusable(dir: string, cause: unknown): Error {
  return new Error(
    `The data folder ${dir} cannot be used (${reasonOf(cause)}). Let DATA_DIR name a folder on a local disk that this user may write to.`,
    { cause },
  );
}
