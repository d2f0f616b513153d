import { randomUUID } from "node:crypto";
import { type FileHandle, open as openFileOnDisk, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../errors.ts";
import { createByteReader } from "./byte-reader.ts";
import { pullStream } from "./pull-stream.ts";

const NAME_PREFIX = "flame-spool-";
const READ_BYTES = 256 * 1024;

/** Bytes set aside on disk. The caller of `write` must `remove` it. */
export interface SpooledFile {
  readonly sizeBytes: number;
  /** Reads the file from its start; may be called again, also while another stream is open. */
  open(): ReadableStream<Uint8Array>;
  /** Gives the room back; streams still open will fail. Idempotent. */
  remove(): Promise<void>;
}

/**
 * Temporary files that nobody else can read and that cannot outlive the process: each has mode 0600 and loses its name as
 * soon as it is open, so the kernel frees it when the process ends, even by SIGKILL.
 */
export interface Spool {
  /**
   * Writes the whole stream; memory does not grow with it. If it fails, the source is cancelled and nothing is left. Throws
   * the source's own error, `AppError("storage_full")` when the disk is full, or the file system's error.
   */
  write(source: ReadableStream<Uint8Array>): Promise<SpooledFile>;
  /**
   * Removes (empty) files of processes that died between creating and unlinking one; resolves with how many. Give a time
   * at least a minute ago, as the folder may be shared with living processes.
   */
  sweep(olderThan: Date): Promise<number>;
}

export interface SpoolDependencies {
  /** Must exist. */
  readonly dir: string;
  /** Opens a new file for reading and writing; another one than `node:fs` only in tests. */
  readonly openFile?: (path: string, flags: string, mode: number) => Promise<FileHandle>;
}

export function createSpool({ dir, openFile = openFileOnDisk }: SpoolDependencies): Spool {
  async function createNamelessFile(): Promise<FileHandle> {
    const path = join(dir, `${NAME_PREFIX}${randomUUID()}`);
    const file = await openFile(path, "wx+", 0o600);
    await unlink(path).catch(async (error: unknown) => {
      await file.close();
      throw error;
    });
    return file;
  }

  async function write(source: ReadableStream<Uint8Array>): Promise<SpooledFile> {
    const reader = createByteReader(source);
    let file: FileHandle | undefined;
    try {
      file = await createNamelessFile();
      let sizeBytes = 0;
      for (;;) {
        const piece = await reader.take(Number.POSITIVE_INFINITY);
        if (piece === undefined) return spooledFile(file, sizeBytes);
        await writeAll(file, piece, sizeBytes);
        sizeBytes += piece.length;
      }
    } catch (error) {
      await Promise.allSettled([file?.close(), reader.cancel(error)]);
      throw isDiskFull(error)
        ? new AppError("storage_full", "There is no room for temporary files on this node", { cause: error })
        : error;
    }
  }

  async function sweep(olderThan: Date): Promise<number> {
    const names = (await readdir(dir)).filter((name) => name.startsWith(NAME_PREFIX));
    const removals = names.map(async (name) => {
      const path = join(dir, name);
      if ((await stat(path)).mtime >= olderThan) return false;
      await unlink(path);
      return true;
    });
    const outcomes = await Promise.allSettled(removals);
    return outcomes.filter((outcome) => outcome.status === "fulfilled" && outcome.value).length;
  }

  return { write, sweep };
}

function spooledFile(file: FileHandle, sizeBytes: number): SpooledFile {
  let removal: Promise<void> | undefined;

  async function* chunks() {
    for (let position = 0; position < sizeBytes; ) {
      const buffer = new Uint8Array(Math.min(READ_BYTES, sizeBytes - position));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw new Error("A temporary file is shorter than what was written to it");
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  return {
    sizeBytes,
    open: () => pullStream(chunks(), async () => {}),
    remove: () => {
      removal ??= file.close();
      return removal;
    },
  };
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
