import type { FileHandle } from "node:fs/promises";
import { mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { ignoring, mapErrors } from "./failures.ts";

const blockBytes = 1024 * 1024;
/**
 * The file is synchronised each time this much is written, so that little is left for the end, when the client waits.
 */
const syncBytes = 32 * blockBytes;
const commitAttempts = 100;

/**
 * Writes a stream to a file: writes one block while it reads the next, and has the disk begin early. Resolves with the
 * number of bytes; the last ones must still be synchronised. Throws an error of the stream unchanged. Copies the
 * stream's chunks, because their owner may use their memory again.
 */
export async function writeStream(handle: FileHandle, body: ReadableStream<Uint8Array>): Promise<number> {
  const reader = body.getReader();
  let written = 0;
  let pending: Promise<void> = Promise.resolve();
  let syncing: Promise<void> = Promise.resolve();
  let block: Buffer = Buffer.allocUnsafe(blockBytes);
  let spare: Buffer | undefined;
  let filled = 0;

  const flush = async () => {
    await pending;
    const full = block.subarray(0, filled);
    pending = writeFully(handle, full);
    // `pending` is awaited before the next block; until then its failure must not count as unhandled.
    pending.catch(() => {});
    written += filled;
    if (written % syncBytes === 0) {
      await syncing;
      syncing = mapErrors("writing an object", handle.datasync());
      syncing.catch(() => {});
    }
    [block, spare] = [spare ?? Buffer.allocUnsafe(blockBytes), block];
    filled = 0;
  };

  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      for (let rest = next.value; rest.byteLength > 0; ) {
        const part = rest.subarray(0, blockBytes - filled);
        block.set(part, filled);
        filled += part.byteLength;
        rest = rest.subarray(part.byteLength);
        if (filled === blockBytes) await flush();
      }
    }
    await flush();
    await Promise.all([pending, syncing]);
    return written;
  } catch (error) {
    await Promise.allSettled([pending, syncing]);
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** Writes all of the bytes, even if the system takes only some of them at a time. */
export async function writeFully(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let rest = bytes; rest.byteLength > 0; ) {
    const { bytesWritten } = await mapErrors("writing an object", handle.write(rest, 0, rest.byteLength));
    rest = rest.subarray(bytesWritten);
  }
}

/** Moves a finished file durably to its place under the root, and creates the folders that are missing there. */
export async function commitFile(root: string, staged: string, target: string): Promise<void> {
  const folder = dirname(target);
  let hasMadeFolders = false;
  for (let attempt = 1, moved = false; !moved; attempt++) {
    // Another call may remove the folder at any moment. So the move follows its creation at once, and both are
    // repeated.
    const mayRepeat = attempt < commitAttempts;
    const gone = mayRepeat ? ["ENOENT"] : [];
    // `mkdir` reports EEXIST if the folder is removed after it was found and before it is checked.
    const raced = mayRepeat ? ["ENOENT", "EEXIST"] : [];
    const made = await ignoring(raced, mkdir(folder, { recursive: true, mode: 0o700 }));
    hasMadeFolders ||= made !== undefined;
    const moving = rename(staged, target).then(() => true);
    moved = (await ignoring(gone, moving)) ?? false;
  }
  try {
    await syncFolders(folder, hasMadeFolders ? root : folder);
  } catch (error) {
    await unlink(target).catch(() => {});
    throw error;
  }
}

/** Synchronises a folder and those above it. A missing folder was removed on purpose, with its content. */
async function syncFolders(lowest: string, topmost: string): Promise<void> {
  for (let folder = lowest; ; folder = dirname(folder)) {
    await ignoring(["ENOENT"], syncFolder(folder));
    if (folder === topmost || folder === dirname(folder)) return;
  }
}

/** Makes the folder's entries survive a crash. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
