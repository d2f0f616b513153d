import { AppError } from "../../errors.ts";

const remedies: Readonly<Record<string, string>> = {
  EACCES: "the service's user may not use the folder: correct its owner and mode",
  EPERM: "the service's user may not use the folder: correct its owner and mode",
  EROFS: "the file system is read-only",
  ENOTDIR: "something in the way is not a folder",
  EIO: "the disk fails",
  EMFILE: "too many open files: raise the limit",
};

/**
 * Awaits a file system call and turns its errors into `AppError`s: `storage_full` for a lack of space, otherwise
 * `object_store`.
 */
export async function mapErrors<T>(action: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw directoryFailure(action, error);
  }
}

export function directoryFailure(action: string, cause: unknown): AppError {
  const code = fileErrorCode(cause) ?? "unknown error";
  const operatorDetail = `${action} failed with ${code}: ${remedies[code] ?? "see the cause"}`;
  return code === "ENOSPC" || code === "EDQUOT"
    ? new AppError("storage_full", "The object store is full", { cause, operatorDetail })
    : new AppError("object_store", "Unexpected error from object store", { cause, operatorDetail });
}

/** Awaits a file system call; resolves with `undefined` if it fails with one of these codes. */
export async function ignoring<T>(codes: readonly string[], call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (codes.includes(fileErrorCode(error) ?? "")) return undefined;
    throw error;
  }
}

function fileErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
