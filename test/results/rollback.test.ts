import { afterEach, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { createRollback, type Rollback } from "../../src/results/rollback.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";

const refused = new AppError("invalid_input", "Invalid tag");
const lost = new AppError("database", "The database is not available", { uncertain: true });
const away = new AppError("object_store", "Unexpected error from object store");
const objectOf = (key: string) => ({ key, clientId: "client", projectId: "project", objectId: key });

let rollback: Rollback;
afterEach(() => rollback.close());

interface World {
  /** What the catalog says of an object's name; rejects while the database is away. */
  readonly look?: (objectId: string) => Promise<string | undefined>;
  readonly remove?: (key: string) => Promise<void>;
}

function createSubject({ look = async () => undefined, remove = async () => {} }: World, settleMs = 100) {
  const removed: string[] = [];
  const objects = {
    async discard(key: string) {
      await remove(key);
      removed.push(key);
    },
  };
  const catalog = { findFilename: (_: string, objectId: string) => look(objectId) };
  rollback = createRollback({ objects, catalog, log: createTestLog().log, retryMs: 10, settleMs });
  return removed;
}

test("what a refused upload has stored is gone when its client hears of it", async () => {
  const removed = createSubject({});
  await rollback.removeUnlessTagged(objectOf("a"), refused);
  expect(removed).toEqual(["a"]);
});

test("what its file hashed to is forgotten with it, however often that takes", async () => {
  const [removed, forgotten] = [[] as string[], [] as string[]];
  let isAway = true;
  rollback = createRollback({
    objects: { discard: async (key) => void removed.push(key) },
    catalog: { findFilename: async () => undefined },
    digests: {
      async remove(projectId, objectId) {
        if (isAway) {
          isAway = false;
          throw away;
        }
        forgotten.push(`${projectId} ${objectId}`);
      },
    },
    log: createTestLog().log,
    retryMs: 10,
  });
  await rollback.removeUnlessTagged(objectOf("a"), refused);
  await eventually(() => expect(forgotten).toEqual(["project a"]));
  expect(removed).toContain("a");
});

test("a store that hangs does not keep the client from its error, and the file goes once it answers", async () => {
  const answer = Promise.withResolvers<void>();
  const removed = createSubject({ remove: () => answer.promise });
  await rollback.removeUnlessTagged(objectOf("a"), refused);
  expect(removed).toEqual([]);
  answer.resolve();
  await eventually(() => expect(removed).toContain("a"));
});

test("a database that hangs is not waited for at all", async () => {
  const answer = Promise.withResolvers<undefined>();
  const removed = createSubject({ look: () => answer.promise });
  await rollback.removeUnlessTagged(objectOf("a"), lost);
  answer.resolve(undefined);
  await eventually(() => expect(removed).toEqual(["a"]));
});

test("a tag that turns up late, from a connection given up, keeps its file", async () => {
  let looks = 0;
  const removed = createSubject({ look: async () => (++looks > 2 ? "name" : undefined) });
  await rollback.removeUnlessTagged(objectOf("a"), lost);
  await eventually(() => expect(looks).toBe(3));
  await Bun.sleep(200);
  expect([removed, looks]).toEqual([[], 3]);
});

test("when the service stops, the catalog's word of that moment decides", async () => {
  const removed = createSubject({ look: async (id) => (id === "tagged" ? "name" : undefined) }, 60_000);
  await rollback.removeUnlessTagged(objectOf("tagged"), lost);
  await rollback.removeUnlessTagged(objectOf("untagged"), lost);
  await rollback.close();
  expect(removed).toEqual(["untagged"]);
});

test("one that cannot be undone does not keep the others", async () => {
  let isAway = true;
  const removed = createSubject({
    async remove(key) {
      if (isAway || key === "stuck") throw away;
    },
  });
  for (const key of ["stuck", "a", "b"]) await rollback.removeUnlessTagged(objectOf(key), refused);
  isAway = false;
  await eventually(() => expect(removed.toSorted()).toEqual(["a", "b"]));
});
