import { afterEach, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { createDiscard, type Discard } from "../../src/submissions/rollback.ts";
import { submissionKey } from "../../src/submissions/store/submission-store.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";

const away = new AppError("database", "The database is not available");
let discard: Discard;
afterEach(() => discard.close());

/** `answer` is what the database says to a removal. */
function createSubject(answer: (id: string) => Promise<void>) {
  const removed: string[] = [];
  const { log } = createTestLog();
  const store = { remove: answer, find: async () => undefined };
  const objects = { remove: async (key: string) => void removed.push(key), discard: async () => {} };
  discard = createDiscard({ store, objects, log, retryMs: 10 });
  return removed;
}

test("a database that hangs does not keep the client from its error, and the rest is done once it answers", async () => {
  const answer = Promise.withResolvers<void>();
  const removed = createSubject(() => answer.promise);
  const startedMs = performance.now();
  await discard.discard("a");
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
  await discard.discard("a");
  expect(discard.isTakingBack("a")).toBe(true);
  isBack = true;
  await eventually(() => expect(removed).toContain(submissionKey("a")));
  expect(discard.isTakingBack("a")).toBe(false);
});

test("one that cannot be taken back does not keep the others", async () => {
  let isAway = true;
  const removed = createSubject(async (id) => {
    if (isAway || id === "stuck") throw away;
  });
  for (const id of ["stuck", "a", "b"]) await discard.discard(id);
  expect(removed).toEqual([]);
  isAway = false;
  await eventually(() => expect(removed.toSorted()).toEqual([submissionKey("a"), submissionKey("b")]));
});
