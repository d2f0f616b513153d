import { expect, test } from "bun:test";
import { copyObjects } from "../../src/commands/copy/copy-objects.ts";
import type { CopiedObject, Journal } from "../../src/commands/copy/row-database.ts";
import { AppError } from "../../src/errors.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { memoryObjects } from "../results/fakes.ts";

const key = "local/p/o";
const away = new AppError("object_store", "Unexpected error from object store");

function memoryJournal(): Journal {
  const rows = new Map<string, CopiedObject>();
  return {
    exists: async () => true,
    open: async () => {},
    find: async (key) => rows.get(key),
    write: async (object) => void rows.set(object.key, object),
    page: async () => [],
    forget: async (key) => void rows.delete(key),
    drop: async () => {},
  };
}

/** A copy of one object from a store whose first openings fail. */
async function run(errors: Error[], target: Partial<ObjectStore> = {}) {
  const from = memoryObjects();
  await from.put(key, new Blob(["content"]).stream(), { contentType: "text/plain", filename: "f" });
  let opened = 0;
  const failing: ObjectStore = {
    ...from,
    async *scan(prefix) {
      if (key.startsWith(prefix)) yield { key, sizeBytes: 7, modifiedAt: new Date(0) };
    },
    open(...request) {
      opened += 1;
      const error = errors.shift();
      return error === undefined ? from.open(...request) : Promise.reject(error);
    },
  };
  const to = memoryObjects(target);
  const outcome = await copyObjects({
    from: failing,
    to,
    journal: memoryJournal(),
    progress() {},
    retryMs: 1,
  }).then(() => "copied", String);
  return { outcome, opened, keys: to.keys() };
}

test("a store that fails now and then is asked again, and the object is copied", async () => {
  expect(await run([away, away, away])).toEqual({ outcome: "copied", opened: 4, keys: [key] });
});

test("one that goes on failing ends the copy, and it is said which side it was", async () => {
  const { outcome, opened, keys } = await run([away, away, away, away, away]);
  expect(outcome).toContain("The source: Unexpected error from object store");
  expect([opened, keys]).toEqual([4, []]);
});

test("a target without room, and what is no failure of a store, end it at once", async () => {
  const full = { put: () => Promise.reject(new AppError("storage_full", "There is no room")) };
  expect(await run([], full)).toMatchObject({
    outcome: expect.stringContaining("The target: There is no room"),
    opened: 1,
  });
  expect(await run([new Error("a fault of ours")])).toMatchObject({ opened: 1 });
});
