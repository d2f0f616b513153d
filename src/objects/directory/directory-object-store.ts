import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readdir, stat, statfs, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { storableContentType } from "../content-headers.ts";
import { checkFolderPrefix, checkKey } from "../object-key.ts";
import type { ObjectInfo, ObjectStore, ScannedObject } from "../object-store.ts";
import { type DiskRoom, inspectRoom } from "./disk-room.ts";
import { directoryFailure, ignoring, mapErrors } from "./failures.ts";
import { decodeHeader, encodeHeader, headerBytes, type ObjectHeader } from "./object-file.ts";
import { folderPath, objectPath } from "./object-path.ts";
import { removeEmptyFolders, removeFile, walkObjects } from "./walk.ts";
import { commitFile, syncFolder, writeFully, writeStream } from "./write.ts";

export interface DirectorySettings {
  /** The folder that holds the objects; created when missing. Nothing else should be kept in it. */
  readonly root: string;
  /** Makes names for staged files and entity tags. */
  readonly newId?: () => string;
  /** Makes a new file, for writing only. */
  readonly createFile?: (path: string) => Promise<FileHandle>;
  readonly readRoom?: (folder: string) => Promise<DiskRoom>;
}

/**
 * An object store in a folder of the local file system, for a single process. A body is opened as a file only when it
 * is sent. If the object is removed before that, reading fails; if it is replaced, the new version is read.
 */
export function createDirectoryObjectStore(settings: DirectorySettings): ObjectStore {
  const root = resolve(settings.root);
  const { newId = () => crypto.randomUUID(), createFile = (path) => open(path, "wx", 0o600) } = settings;
  const { readRoom = readDiskRoom } = settings;
  const stagingFolder = join(root, ".staging");
  /** Staged files that are being written now: they are no leftovers, whatever their date. */
  const inUse = new Set<string>();

  /** Runs `use` on a new staged file, and removes the file afterwards unless it was moved. */
  async function withStagedFile<T>(use: (handle: FileHandle, path: string) => Promise<T>): Promise<T> {
    const name = newId();
    const path = join(stagingFolder, name);
    await mapErrors("making the staging folder", mkdir(stagingFolder, { recursive: true, mode: 0o700 }));
    const handle = await mapErrors("making a staged file", createFile(path));
    inUse.add(name);
    try {
      return await use(handle, path);
    } finally {
      await handle.close().catch(() => {});
      await unlink(path).catch(() => {});
      inUse.delete(name);
    }
  }

  async function put(key: string, body: ReadableStream<Uint8Array>, header: ObjectHeader): Promise<number> {
    checkKey(key);
    const headerBlock = encodeHeader(header);
    return withStagedFile(async (handle, staged) => {
      await writeFully(handle, headerBlock);
      const sizeBytes = await writeStream(handle, body);
      await mapErrors("writing an object", handle.sync());
      await mapErrors("moving an object to its place", commitFile(root, staged, objectPath(root, key)));
      return sizeBytes;
    });
  }

  async function find(key: string): Promise<{ info: ObjectInfo; path: string } | undefined> {
    checkKey(key);
    const path = objectPath(root, key);
    const info = await mapErrors("reading an object", readInfo(path));
    return info === undefined ? undefined : { info, path };
  }

  async function remove(key: string): Promise<void> {
    checkKey(key);
    const path = objectPath(root, key);
    const removing = removeFile(path).then((removed) =>
      removed ? ignoring(["ENOENT"], syncFolder(dirname(path))) : undefined,
    );
    await mapErrors("removing an object", removing);
  }

  return {
    async put(key, body, options) {
      const { filename } = options;
      const header = { contentType: storableContentType(options.contentType), filename, etag: `"${newId()}"` };
      try {
        return await put(key, body, header);
      } catch (error) {
        // Cancels a stream that was never read. A stream that was read has been cancelled already.
        body.cancel(error).catch(() => {});
        throw error;
      }
    },

    stat: async (key) => (await find(key))?.info,

    async open(key, range) {
      const found = await find(key);
      if (found === undefined) return undefined;
      const { start, end } = range ?? { start: 0, end: found.info.sizeBytes - 1 };
      return { info: found.info, body: Bun.file(found.path).slice(headerBytes + start, headerBytes + end + 1) };
    },

    remove,
    // There is nothing else to remove: each upload removes its own staged file.
    discard: remove,

    async removeAll(prefix) {
      checkFolderPrefix(prefix);
      return mapErrors("removing objects", removeFolder(root, folderPath(root, prefix)));
    },

    async *list(prefix) {
      try {
        for await (const { key } of walkObjects(root, folderPath(root, prefix))) if (key.startsWith(prefix)) yield key;
      } catch (error) {
        throw directoryFailure("listing objects", error);
      }
    },

    async *scan(prefix, after) {
      try {
        yield* scanFolder(root, prefix, after);
      } catch (error) {
        throw directoryFailure("listing objects", error);
      }
    },

    sweepUnfinished: (olderThan) =>
      mapErrors("sweeping staged files", removeFilesOlderThan(stagingFolder, olderThan, inUse)),

    async check() {
      await withStagedFile(async () => {});
    },

    async inspect() {
      const room = await mapErrors("looking at the disk", ignoring(["ENOENT"], readRoom(root)));
      return room === undefined ? [] : inspectRoom(root, room);
    },
  };
}

async function readDiskRoom(folder: string): Promise<DiskRoom> {
  const { blocks, bavail, bsize } = await statfs(folder);
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
}

/** Reads an object's header; `undefined` if there is no such file. Throws if the file is not an object. */
async function readInfo(path: string): Promise<ObjectInfo | undefined> {
  const handle = await ignoring(["ENOENT", "ENOTDIR"], open(path, "r"));
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    const header = decodeHeader(buffer.subarray(0, bytesRead));
    if (header === undefined) throw new Error("The file has no object header");
    const { size, mtime } = await handle.stat();
    return { ...header, filename: header.filename, sizeBytes: size - headerBytes, modifiedAt: mtime };
  } finally {
    await handle.close();
  }
}

async function* scanFolder(root: string, prefix: string, after = ""): AsyncGenerator<ScannedObject> {
  for await (const { key, path } of walkObjects(root, folderPath(root, prefix), "sorted")) {
    if (!key.startsWith(prefix) || key <= after) continue;
    const found = await ignoring(["ENOENT"], stat(path));
    if (found !== undefined) yield { key, sizeBytes: found.size - headerBytes, modifiedAt: found.mtime };
  }
}

async function removeFolder(root: string, folder: string): Promise<number> {
  let removed = 0;
  for await (const { path } of walkObjects(root, folder)) if (await removeFile(path)) removed += 1;
  await removeEmptyFolders(folder);
  await ignoring(["ENOENT"], syncFolder(dirname(folder)));
  return removed;
}

async function removeFilesOlderThan(folder: string, olderThan: Date, inUse: ReadonlySet<string>): Promise<number> {
  let removed = 0;
  for (const name of (await ignoring(["ENOENT"], readdir(folder))) ?? []) {
    if (inUse.has(name)) continue;
    const path = join(folder, name);
    const found = await ignoring(["ENOENT"], stat(path));
    if (found?.isFile() && found.mtime < olderThan && (await removeFile(path))) removed += 1;
  }
  return removed;
}
