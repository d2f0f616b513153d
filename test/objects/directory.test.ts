import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDirectoryObjectStore } from "../../src/objects/directory/directory-object-store.ts";
import { objectPath } from "../../src/objects/directory/object-path.ts";
import { objectStoreContract } from "./contract.ts";
import { bytesOf, failureOf, patternBytes, streamOf } from "./streams.ts";

const makeRoot = () => mkdtemp(join(tmpdir(), "objects-"));
const options = { contentType: "text/plain", filename: "data.bin" };

describe("directory object store", () => {
  objectStoreContract(async () => {
    const root = await makeRoot();
    return {
      store: createDirectoryObjectStore({ root }),
      countUnfinished: async () => (await readdir(join(root, ".staging"))).length,
      end: () => rm(root, { recursive: true }),
    };
  });
});

/** Keys that nobody writes, and that a file system takes for something else. */
const hostileKeys = [
  ...["a", "a/b", "a//b", "a///b", "/a", "a/", "./a", "../a", "a/../b", "a/./b", "..", ".", "a\\b", "a\0b", "a\u0001b"],
  ...["A", "\r\n\t", ".staging/a", "a.object", "a.object/b", "x".repeat(1024), "€".repeat(341), "/".repeat(100)],
  "x".repeat(300),
];

describe("directory object store on its disk", () => {
  let root: string;
  beforeEach(async () => {
    root = await makeRoot();
  });
  afterEach(() => rm(root, { recursive: true }));

  test("a hostile key names one object of its own, or is refused and stores nothing", async () => {
    const store = createDirectoryObjectStore({ root });
    const stored: string[] = [];
    for (const key of hostileKeys) {
      const error = await store.put(key, streamOf(Buffer.from(key)).stream, options).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (error === undefined) stored.push(key);
      else expect(error).toMatchObject({ code: "invalid_input" });
    }
    expect(stored).toContainValues(["a", "a/b", "a//b", "A", ".staging/a", "x".repeat(1024)]);
    for (const key of stored) {
      expect(Buffer.from(await bytesOf((await store.open(key))?.body ?? new Blob())).toString()).toBe(key);
    }
    const listed = new Set(await Array.fromAsync(store.list("")));
    expect(stored.filter((key) => !listed.has(key))).toEqual([]);
    for (const key of stored) await store.remove(key);
    expect(await Array.fromAsync(store.list(""))).toEqual([]);
  });

  /** A store whose disk has room for so many bytes. */
  const storeOnSmallDisk = (roomBytes: number, code = "ENOSPC") =>
    createDirectoryObjectStore({
      root,
      async createFile(path) {
        const handle = await open(path, "wx", 0o600);
        const write = handle.write.bind(handle);
        let room = roomBytes;
        const limited = async (bytes: Uint8Array) => {
          if (room === 0) throw Object.assign(new Error(code), { code });
          const part = bytes.subarray(0, room);
          room -= part.byteLength;
          return write(part);
        };
        return Object.assign(handle, { write: limited });
      },
    });

  for (const code of ["ENOSPC", "EDQUOT"]) {
    test(`${code} is told as a full store, leaves nothing behind and lets go of the source`, async () => {
      const store = storeOnSmallDisk(3_000_000, code);
      const source = streamOf(patternBytes(20_000_000));
      expect(await failureOf(store.put("local/p/x", source.stream, options))).toMatchObject({
        code: "storage_full",
        message: "The object store is full",
      });
      expect(source.wasCancelled()).toBe(true);
      expect(await readdir(join(root, ".staging"))).toEqual([]);
      expect(await store.stat("local/p/x")).toBeUndefined();
    });
  }

  test("any other failure of the disk is one of the object store", async () => {
    const failure = await failureOf(
      storeOnSmallDisk(0, "EIO").put("local/p/x", streamOf(patternBytes(9)).stream, options),
    );
    expect(failure).toMatchObject({ code: "object_store", message: "Unexpected error from object store" });
  });

  test("a write that takes only a part of the bytes is carried on", async () => {
    const store = createDirectoryObjectStore({
      root,
      async createFile(path) {
        const handle = await open(path, "wx", 0o600);
        const write = handle.write.bind(handle);
        return Object.assign(handle, { write: (bytes: Uint8Array) => write(bytes.subarray(0, 1000)) });
      },
    });
    const bytes = patternBytes(50_001);
    expect(await store.put("local/p/x", streamOf(bytes).stream, options)).toBe(50_001);
    expect(await bytesOf((await store.open("local/p/x"))?.body ?? new Blob())).toEqual(bytes);
  });

  test("a root that cannot be used fails honestly, also in the check", async () => {
    await writeFile(join(root, "file"), "");
    const store = createDirectoryObjectStore({ root: join(root, "file") });
    const source = streamOf(patternBytes(9));
    const broken = { code: "object_store", message: "Unexpected error from object store" };
    expect(await failureOf(store.put("a/b", source.stream, options))).toMatchObject(broken);
    expect(source.wasCancelled()).toBe(true);
    expect(await failureOf(store.check())).toMatchObject(broken);
  });

  test("files and folders are for the owner only", async () => {
    const store = createDirectoryObjectStore({ root: join(root, "new") });
    await store.put("local/p/x", streamOf(patternBytes(9)).stream, options);
    const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
    expect(await modeOf(objectPath(join(root, "new"), "local/p/x"))).toBe(0o600);
    for (const folder of ["new", "new/.staging", "new/local", "new/local/p"]) {
      expect(await modeOf(join(root, folder))).toBe(0o700);
    }
  });

  test("foreign files are neither listed nor removed nor taken for objects", async () => {
    const store = createDirectoryObjectStore({ root });
    await store.put("local/p/x", streamOf(patternBytes(9)).stream, options);
    const foreign = ["catalog.db", "local/README", "local/p/notes.txt", "local/p/UPPER.object", "local/p/%2.object"];
    for (const path of foreign) await writeFile(join(root, path), "hello");
    await mkdir(join(root, "local/p/folder.object"));
    expect(await Array.fromAsync(store.list(""))).toEqual(["local/p/x"]);
    expect(await store.removeAll("local/p/")).toBe(1);
    for (const path of foreign) expect(await Bun.file(join(root, path)).text()).toBe("hello");
    await writeFile(objectPath(root, "local/p/y"), "not ours");
    expect(await failureOf(store.stat("local/p/y"))).toMatchObject({ code: "object_store" });
    expect(await failureOf(store.open("local/p/y"))).toMatchObject({ code: "object_store" });
  });

  test("staged files of uploads that were killed are swept once they are old, others are not", async () => {
    const store = createDirectoryObjectStore({ root });
    expect(await store.sweepUnfinished(new Date())).toBe(0);
    await store.put("local/p/x", streamOf(patternBytes(9)).stream, options);
    await writeFile(join(root, ".staging/killed"), "half");
    expect(await store.sweepUnfinished(new Date(Date.now() - 3_600_000))).toBe(0);
    expect(await store.sweepUnfinished(new Date(Date.now() + 3_600_000))).toBe(1);
    expect(await readdir(join(root, ".staging"))).toEqual([]);
    expect(await Array.fromAsync(store.list(""))).toEqual(["local/p/x"]);
  });

  test("removal of a folder leaves no empty folders, and puts into it meanwhile still succeed", async () => {
    const store = createDirectoryObjectStore({ root });
    let removing = true;
    const remover = (async () => {
      while (removing) await store.removeAll("local/p/");
    })();
    for (let index = 0; index < 200; index++) {
      expect(await store.put(`local/p/q/${index}`, streamOf(patternBytes(9)).stream, options)).toBe(9);
    }
    removing = false;
    await remover;
    await store.removeAll("local/p/");
    expect(await readdir(join(root, "local"))).toEqual([]);
  });

  test("an object removed after it was opened fails to be read instead of being empty", async () => {
    const store = createDirectoryObjectStore({ root });
    await store.put("local/p/x", streamOf(patternBytes(9)).stream, options);
    const opened = await store.open("local/p/x");
    await store.remove("local/p/x");
    expect(opened?.body).toBeInstanceOf(Blob);
    expect(await failureOf(bytesOf(opened?.body ?? new Blob()))).toBeInstanceOf(Error);
  });
});
