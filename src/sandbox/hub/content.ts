import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileContent } from "./state.ts";

const IN_MEMORY_BYTES = 1024 * 1024;

/** Where the bytes of uploaded files live: small ones in memory, others in a directory. */
export interface HubContents {
  /** Reads the source to its end; leaves nothing behind when it fails. */
  store(source: AsyncIterable<Uint8Array>): Promise<{ readonly content: FileContent; readonly size: number }>;
  remove(content: FileContent): Promise<void>;
  close(): Promise<void>;
}

export function createHubContents(options: { readonly directory: string | undefined }): HubContents {
  const onDisk = new Set<string>();
  let directory: Promise<string> | undefined;

  async function makeDirectory(): Promise<string> {
    if (options.directory === undefined) return mkdtemp(join(tmpdir(), "sandbox-hub-"));
    await mkdir(options.directory, { recursive: true });
    return options.directory;
  }

  async function drop(diskPath: string): Promise<void> {
    await rm(diskPath, { force: true });
    // Forgotten only now: `close` must not remove the directory while a file of it is being removed.
    onDisk.delete(diskPath);
  }

  async function spill(head: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>) {
    directory ??= makeDirectory();
    const diskPath = join(await directory, crypto.randomUUID());
    onDisk.add(diskPath);
    try {
      return { content: { diskPath }, size: await writeToDisk(diskPath, head, rest) };
    } catch (error) {
      await drop(diskPath);
      throw error;
    }
  }

  return {
    async store(source) {
      const chunks: Uint8Array[] = [];
      let size = 0;
      const iterator = source[Symbol.asyncIterator]();
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
        chunks.push(next.value);
        size += next.value.byteLength;
        if (size > IN_MEMORY_BYTES) return spill(chunks, iterator);
      }
      return { content: Buffer.concat(chunks), size };
    },
    async remove(content) {
      if (!(content instanceof Uint8Array)) await drop(content.diskPath);
    },
    async close() {
      await Promise.all([...onDisk].map(drop));
      if (directory !== undefined && options.directory === undefined) await rm(await directory, { recursive: true });
    },
  };
}

/** Resolves with the number of bytes written. */
async function writeToDisk(diskPath: string, head: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>) {
  const file = await open(diskPath, "wx");
  let size = 0;
  const append = async (chunk: Uint8Array) => {
    await file.appendFile(chunk);
    size += chunk.byteLength;
  };
  try {
    for (const chunk of head) await append(chunk);
    for (let next = await rest.next(); !next.done; next = await rest.next()) await append(next.value);
    return size;
  } finally {
    await file.close();
  }
}

export function streamOf(content: FileContent): ReadableStream<Uint8Array> {
  if (!(content instanceof Uint8Array)) return Bun.file(content.diskPath).stream();
  return new ReadableStream({
    start(controller) {
      if (content.byteLength > 0) controller.enqueue(content);
      controller.close();
    },
  });
}
