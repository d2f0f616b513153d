import { randomUUID } from "node:crypto";
import { type FileHandle, open as openFileOnDisk, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../errors.ts";
import { createByteReader } from "./byte-reader.ts";
import { pullStream } from "./pull-stream.ts";

const NAME_PREFIX = "flame-spool-";
const BLOCK_BYTES = 256 * 1024;

/** A temporary file. The caller of `write` must `remove` it. */
export interface SpooledFile {
  readonly sizeBytes: number;
  /** Reads the file from its start. Several streams may be open at once. */
  open(): ReadableStream<Uint8Array>;
  /** Frees the disk space, after a read that is under way. Streams that are still open fail. Idempotent. */
  remove(): Promise<void>;
}

/**
 * Temporary files that no other user can read and that cannot outlive the process. Each has mode 0600. Its name is
 * unlinked as soon as it is open, so the kernel frees the file when the process ends, even by SIGKILL.
 */
export interface Spool {
  /**
   * Writes the whole stream. Memory does not grow with it. A failure cancels the source and leaves no file. Throws the
   * source's own error, `AppError("storage_full")` if the disk is full, or the file system's error.
   */
  write(source: ReadableStream<Uint8Array>): Promise<SpooledFile>;
  /**
   * Removes the empty files of processes that died between creating and unlinking a file. Resolves with their number.
   * Give a time at least a minute ago, since running processes may share the folder.
   */
  sweep(olderThan: Date): Promise<number>;
}

export interface SpoolDependencies {
  /** Must exist. */
  readonly dir: string;
  /** Opens a new file for reading and writing. Only tests replace the one of `node:fs`. */
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

  /** Writes one block while it reads the next. */
  async function write(source: ReadableStream<Uint8Array>): Promise<SpooledFile> {
    const reader = createByteReader(source);
    let file: FileHandle | undefined;
    let writing: Promise<void> = Promise.resolve();
    try {
      file = await createNamelessFile();
      let block = new Uint8Array(BLOCK_BYTES);
      let spare: typeof block | undefined;
      for (let sizeBytes = 0; ; ) {
        const filled = await reader.fill(block);
        await writing;
        writing = writeAll(file, block.subarray(0, filled), sizeBytes);
        // It is awaited before the next block; until then its failure must not count as unhandled.
        writing.catch(() => {});
        sizeBytes += filled;
        if (filled < BLOCK_BYTES) {
          await writing;
          return spooledFile(file, sizeBytes);
        }
        [block, spare] = [spare ?? new Uint8Array(BLOCK_BYTES), block];
      }
    } catch (error) {
      await Promise.allSettled([writing, reader.cancel(error)]);
      await file?.close().catch(() => {});
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
  const reads = new Set<Promise<unknown>>();

  function read(position: number): Promise<Uint8Array> {
    if (removal !== undefined) throw new Error("The temporary file was removed while it was read");
    const reading = readBlock(file, position, sizeBytes);
    reads.add(reading);
    // A block that nobody asked for may fail unnoticed: its stream has ended.
    reading.catch(() => {}).finally(() => reads.delete(reading));
    return reading;
  }

  /** Reads one block ahead, while the last one is being used. */
  async function* chunks() {
    let next = sizeBytes > 0 ? read(0) : undefined;
    for (let position = 0; next !== undefined; ) {
      const block = await next;
      position += block.length;
      next = position < sizeBytes ? read(position) : undefined;
      yield block;
    }
  }

  async function close(): Promise<void> {
    // A number of a file that is closed during a read may already belong to another file.
    await Promise.allSettled(reads);
    await file.close();
  }

  return {
    sizeBytes,
    open: () => pullStream(chunks(), async () => {}),
    remove: () => {
      removal ??= close();
      return removal;
    },
  };
}

async function readBlock(file: FileHandle, position: number, sizeBytes: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(Math.min(BLOCK_BYTES, sizeBytes - position));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
  if (bytesRead === 0) throw new Error("A temporary file is shorter than what was written to it");
  return buffer.subarray(0, bytesRead);
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
