import { afterEach, beforeEach, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdtemp, open, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../src/errors.ts";
import { createSpool } from "../../src/streams/spool.ts";
import { collect, cut, observedStream, streamOf } from "./byte-streams.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "spool-test-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Opens as the spool does by itself, and remembers every file. */
function recordingOpen() {
  const handles: FileHandle[] = [];
  const openFile = async (path: string, flags: string, mode: number) => {
    const handle = await open(path, flags, mode);
    handles.push(handle);
    return handle;
  };
  return { openFile, handles, openCount: () => handles.filter((handle) => handle.fd !== -1).length };
}

test("what was written comes back, as often as it is opened", async () => {
  const bytes = new Uint8Array(randomBytes(700_000));
  const file = await createSpool({ dir }).write(observedStream(cut(bytes, [65_536, 1, 0, 3000])).stream);
  expect(file.sizeBytes).toBe(bytes.length);
  const both = await Promise.all([collect(file.open()), collect(file.open())]);
  expect(both).toEqual([bytes, bytes]);
  await file.remove();
});

test("an empty stream is an empty file", async () => {
  const file = await createSpool({ dir }).write(streamOf());
  expect(await collect(file.open())).toEqual(new Uint8Array(0));
  await file.remove();
});

test("a spooled file has no name and belongs to its owner only", async () => {
  const { openFile, handles, openCount } = recordingOpen();
  const file = await createSpool({ dir, openFile }).write(streamOf(new Uint8Array(10)));
  const mode = (await handles[0]?.stat())?.mode ?? 0;
  expect(mode & 0o777).toBe(0o600);
  expect(await readdir(dir)).toEqual([]);
  expect(openCount()).toBe(1);
  await file.remove();
  await file.remove();
  expect(openCount()).toBe(0);
});

test("a source that fails leaves nothing and its error comes through", async () => {
  const { openFile, handles, openCount } = recordingOpen();
  const failure = new Error("broken off");
  const write = createSpool({ dir, openFile }).write(observedStream([new Uint8Array(10)], failure).stream);
  expect(await write.catch((error) => error)).toBe(failure);
  expect(handles).toHaveLength(1);
  expect(openCount()).toBe(0);
  expect(await readdir(dir)).toEqual([]);
});

test("a full disk is storage_full, the source is cancelled and nothing is left", async () => {
  const { openFile: openReal, openCount } = recordingOpen();
  const openFile = async (path: string, flags: string, mode: number): Promise<FileHandle> => {
    const handle = await openReal(path, flags, mode);
    handle.write = () => Promise.reject(Object.assign(new Error("no space left on device"), { code: "ENOSPC" }));
    return handle;
  };
  const source = observedStream(Array.from({ length: 20 }, () => new Uint8Array(65_536)));
  const error = await createSpool({ dir, openFile })
    .write(source.stream)
    .catch((reason) => reason);
  expect(error).toBeInstanceOf(AppError);
  expect(error.code).toBe("storage_full");
  expect(error.message).toBe("There is no room for temporary files on this node");
  expect(source.cancelled()).toBe(true);
  expect(openCount()).toBe(0);
});

test("a folder that is missing fails the write and cancels the source", async () => {
  const source = observedStream([new Uint8Array(10)]);
  const spool = createSpool({ dir: join(dir, "missing") });
  expect(await spool.write(source.stream).catch((error) => error.code)).toBe("ENOENT");
  expect(source.cancelled()).toBe(true);
});

/** More than two blocks. */
const severalBlocks = 700_000;

/** Opens files whose writes and reads wait for a sign. */
function heldOpen() {
  const writes: PromiseWithResolvers<void>[] = [];
  const reads: PromiseWithResolvers<void>[] = [];
  const held = { writes, reads, isClosed: false };
  const hold = (waiting: PromiseWithResolvers<void>[]) => {
    const sign = Promise.withResolvers<void>();
    waiting.push(sign);
    return sign.promise;
  };
  const openFile = async (path: string, flags: string, mode: number): Promise<FileHandle> => {
    const handle = await open(path, flags, mode);
    const write = handle.write.bind(handle) as (...args: unknown[]) => Promise<unknown>;
    const read = handle.read.bind(handle) as (...args: unknown[]) => Promise<unknown>;
    const close = handle.close.bind(handle);
    return Object.assign(handle, {
      write: (...args: unknown[]) => hold(writes).then(() => write(...args)),
      read: (...args: unknown[]) => hold(reads).then(() => read(...args)),
      close: () => {
        held.isClosed = true;
        return close();
      },
    }) as FileHandle;
  };
  return { ...held, openFile, isClosed: () => held.isClosed };
}

const until = async (isTrue: () => boolean) => {
  while (!isTrue()) await Bun.sleep(1);
};

test("the source is read on while a block is written, and blocks keep their order", async () => {
  const { openFile, writes } = heldOpen();
  const bytes = new Uint8Array(randomBytes(severalBlocks));
  let taken = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (taken === bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(taken, taken + 50_000));
      taken += 50_000;
    },
  });
  const writing = createSpool({ dir, openFile }).write(source);
  await until(() => writes.length === 1);
  await until(() => taken > 2 * 256 * 1024);
  expect(writes).toHaveLength(1);
  for (let next = 0; next < 3; next++) {
    await until(() => writes.length > next);
    writes[next]?.resolve();
  }
  const file = await writing;
  expect(file.sizeBytes).toBe(bytes.length);
  await file.remove();
});

test("a block that cannot be written fails the spool, and its file is closed only after the write", async () => {
  const { openFile, writes, isClosed } = heldOpen();
  const source = observedStream([new Uint8Array(severalBlocks)], new Error("broken off"));
  const writing = createSpool({ dir, openFile }).write(source.stream);
  await until(() => writes.length === 1);
  await Bun.sleep(20);
  expect(isClosed()).toBe(false);
  writes[0]?.reject(new Error("the disk is gone"));
  expect(await writing.catch((error) => error.message)).toBe("the disk is gone");
  expect(isClosed()).toBe(true);
});

test("a file is closed only after a read that is under way", async () => {
  const { openFile, writes, reads, isClosed } = heldOpen();
  const writing = createSpool({ dir, openFile }).write(streamOf(new Uint8Array(severalBlocks)));
  for (let next = 0; next < 3; next++) {
    await until(() => writes.length > next);
    writes[next]?.resolve();
  }
  const file = await writing;
  const reader = file.open().getReader();
  const first = reader.read();
  await until(() => reads.length === 1);
  reads[0]?.resolve();
  await first;
  await until(() => reads.length === 2);
  await reader.cancel();
  const removal = file.remove();
  await Bun.sleep(20);
  expect(isClosed()).toBe(false);
  reads[1]?.resolve();
  await removal;
  expect(isClosed()).toBe(true);
});

test("a stream that is read on after its file was removed fails, and does not hold up the removal", async () => {
  const file = await createSpool({ dir }).write(streamOf(new Uint8Array(severalBlocks)));
  const reader = file.open().getReader();
  await reader.read();
  const removal = file.remove();
  expect(await reader.read().catch((error) => error.message)).toBe("The temporary file was removed while it was read");
  await removal;
});

test("a write that the system cuts short is continued", async () => {
  const openFile = async (path: string, flags: string, mode: number) => {
    const handle = await open(path, flags, mode);
    const write = handle.write.bind(handle);
    const short = (bytes: Uint8Array, offset: number, length: number, position: number) =>
      write(bytes, offset, Math.min(length, 7), position);
    return Object.assign(handle, { write: short });
  };
  const bytes = new Uint8Array(randomBytes(100));
  const file = await createSpool({ dir, openFile }).write(streamOf(bytes));
  expect(await collect(file.open())).toEqual(bytes);
  await file.remove();
});

test("a killed process leaves no file", async () => {
  const script = `
    import { createSpool } from ${JSON.stringify(join(import.meta.dir, "../../src/streams/spool.ts"))};
    await createSpool({ dir: process.argv[1] }).write(new Blob(["x".repeat(100000)]).stream());
    process.kill(process.pid, "SIGKILL");`;
  const child = Bun.spawn([process.execPath, "-e", script, dir], { stderr: "inherit" });
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  expect(await readdir(dir)).toEqual([]);
});

test("the sweep takes old litter, and neither young files nor anybody else's", async () => {
  const names = ["flame-spool-old", "flame-spool-young", "somebody-else"];
  for (const name of names) await writeFile(join(dir, name), "");
  const longAgo = new Date("2020-01-01");
  await utimes(join(dir, "flame-spool-old"), longAgo, longAgo);
  await utimes(join(dir, "somebody-else"), longAgo, longAgo);
  expect(await createSpool({ dir }).sweep(new Date("2020-01-02"))).toBe(1);
  expect((await readdir(dir)).sort()).toEqual(["flame-spool-young", "somebody-else"]);
  expect((await stat(join(dir, "flame-spool-young"))).isFile()).toBe(true);
});
