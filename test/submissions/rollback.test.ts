import { afterEach, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { createRollback, type Rollback } from "../../src/submissions/rollback.ts";
import { submissionKey } from "../../src/submissions/store/submission-store.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog, type LogLine } from "../support/log.ts";

const away = new AppError("database", "The database is not available");
let rollback: Rollback;
let logged: readonly LogLine[];
afterEach(() => rollback.close());

/** `answer` is what the database says to a removal. */
function createSubject(answer: (id: string) => Promise<void>) {
  const removed: string[] = [];
  const { log, lines } = createTestLog();
  logged = lines;
  const store = { remove: answer, find: async () => undefined };
  const objects = { remove: async (key: string) => void removed.push(key), discard: async () => {} };
  rollback = createRollback({ store, objects, log, retryMs: 10 });
  return removed;
}

test("a database that hangs does not keep the client from its error, and the rest is done once it answers", async () => {
  const answer = Promise.withResolvers<void>();
  const removed = createSubject(() => answer.promise);
  const startedMs = performance.now();
  await rollback.rollBack("a");
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(removed).toEqual([]);
  answer.resolve();
  await eventually(() => expect(removed).toContain(submissionKey("a")));
});

test("a database that hangs and then fails is asked again", async () => {
  let isBack = false;
  const removed = createSubject(async () => {
    if (isBack) return;
    await Bun.sleep(2_200);
    throw away;
  });
  await rollback.rollBack("a");
  expect(rollback.isRollingBack("a")).toBe(true);
  isBack = true;
  await eventually(() => expect(removed).toContain(submissionKey("a")));
  expect(rollback.isRollingBack("a")).toBe(false);
});

test("one that cannot be taken back does not keep the others", async () => {
  let isAway = true;
  const removed = createSubject(async (id) => {
    if (isAway || id === "stuck") throw away;
  });
  for (const id of ["stuck", "a", "b"]) await rollback.rollBack(id);
  expect(removed).toEqual([]);
  isAway = false;
  await eventually(() => expect(removed.toSorted()).toEqual([submissionKey("a"), submissionKey("b")]));
});

test("what is left when the service stops is named one by one", async () => {
  createSubject(async () => {
    throw away;
  });
  for (const id of ["a", "b"]) await rollback.rollBack(id);
  await rollback.close();
  const abandoned = logged.filter(({ event }) => event === "final.rollback.abandoned");
  expect(abandoned.map(({ fields }) => fields.objectId).toSorted()).toEqual(["a", "b"]);
});
