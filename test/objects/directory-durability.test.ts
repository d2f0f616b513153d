import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDirectoryObjectStore } from "../../src/objects/directory/directory-object-store.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "durable-"));
});
afterEach(() => rm(root, { recursive: true }));

test("an object's bytes are on the disk before it has its name: the last write is synchronised, and then it is moved", async () => {
  const events: string[] = [];
  const names = async () => (await readdir(root, { recursive: true })).filter((name) => !name.startsWith("."));
  const store = createDirectoryObjectStore({
    root,
    async createFile(path) {
      const handle = await open(path, "wx", 0o600);
      const { write, sync } = handle;
      handle.write = ((...args: Parameters<typeof write>) => {
        events.push("write");
        return write.apply(handle, args);
      }) as typeof write;
      handle.sync = async () => {
        events.push("sync", `named: ${(await names()).length}`);
        await sync.call(handle);
      };
      return handle;
    },
  });
  await store.put("a", new Blob(["content"]).stream(), { contentType: "text/plain", filename: "x" });
  expect(events.lastIndexOf("write")).toBeGreaterThanOrEqual(0);
  expect(events.slice(events.lastIndexOf("write"))).toEqual(["write", "sync", "named: 0"]);
  expect(await store.stat("a")).toMatchObject({ sizeBytes: 7 });
});
