import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDirectoryObjectStore } from "../../src/objects/directory/directory-object-store.ts";

const gibibyte = 1024 ** 3;
const of = (totalBytes: number, freeBytes: number) =>
  createDirectoryObjectStore({ root: "/data", readRoom: async () => ({ totalBytes, freeBytes }) }).inspect();

test("a disk is nearly full when less than a twentieth of it is free, and less than 10 GiB", async () => {
  expect(await of(100 * gibibyte, 5 * gibibyte)).toEqual([]);
  expect(await of(100 * gibibyte, 4.5 * gibibyte)).toEqual([
    "The disk of /data is nearly full: 4.5 GiB, 4 % of it are free. Make room there; a full disk refuses every result.",
  ]);
  expect(await of(4_000 * gibibyte, 10 * gibibyte)).toEqual([]);
  expect(await of(4_000 * gibibyte, 9 * gibibyte)).toHaveLength(1);
  expect(await of(0, 0)).toEqual([]);
});

test("the disk itself is asked, and a folder that is not there yet is no concern", async () => {
  const root = await mkdtemp(join(tmpdir(), "flame-result-room-"));
  expect(await createDirectoryObjectStore({ root }).inspect()).toBeArray();
  await rm(root, { recursive: true });
  expect(await createDirectoryObjectStore({ root }).inspect()).toEqual([]);
});
