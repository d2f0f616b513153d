import { afterEach, beforeEach, expect, type Mock, spyOn, test } from "bun:test";
import { createRetryQueue, type Work } from "../../src/time/retry-queue.ts";
import { eventually } from "../support/eventually.ts";

let timers: Mock<typeof setTimeout>;
beforeEach(() => {
  timers = spyOn(globalThis, "setTimeout");
});
afterEach(() => timers.mockRestore());

/** The pauses that were asked for, in order; what else may run in this process asks for rounder ones. */
const pauses = () => timers.mock.calls.flatMap(([, ms = 0]) => ([11, 22, 44, 77].includes(ms) ? [ms] : []));

const fail: Work = async () => {
  throw new Error("away");
};

test("work that always fails is tried after growing pauses up to the longest, and no more once the queue is closed", async () => {
  const told: string[] = [];
  const onDelayed = (key: string, error: unknown) => told.push(`${key} ${error instanceof Error && error.message}`);
  const queue = createRetryQueue({ retryMs: 11, longestMs: 77, onDelayed });
  const chances: boolean[] = [];
  queue.add("a", async (isLastChance) => {
    chances.push(isLastChance);
    return fail(isLastChance);
  });
  await eventually(() => expect(pauses().length).toBeGreaterThan(5));
  expect(pauses().slice(0, 6)).toEqual([11, 22, 44, 77, 77, 77]);

  expect(await queue.close()).toEqual(["a"]);
  const tries = chances.length;
  expect(chances.map((isLast, index) => isLast === (index === tries - 1))).not.toContain(false);
  expect(told.length).toBeLessThan(tries);
  expect(told[0]).toBe("a away");
  // Longer than the longest pause.
  await Bun.sleep(200);
  expect(chances).toHaveLength(tries);
});

test("work that is done at last is told no more, and what fails then begins with the shortest pause", async () => {
  const told: string[] = [];
  const queue = createRetryQueue({ retryMs: 11, longestMs: 77, onDelayed: (key) => told.push(key) });
  let tries = 0;
  const fourth = Promise.withResolvers<void>();
  const work: Work = async (isLastChance) => {
    tries += 1;
    if (tries < 4) return fail(isLastChance);
    fourth.resolve();
    return "done";
  };
  await queue.run("a", work, 5_000);
  await fourth.promise;
  expect([pauses(), told]).toEqual([[11, 22, 44], ["a"]]);
  queue.add("b", fail);
  await eventually(() => expect(pauses().length).toBeGreaterThan(4));
  expect(pauses().slice(3, 5)).toEqual([11, 22]);
  expect(await queue.close()).toEqual(["b"]);
  expect(tries).toBe(4);
});

test("of a hundred pieces of work that fail at once, one is told", async () => {
  const told: string[] = [];
  const queue = createRetryQueue({ onDelayed: (key) => told.push(key) });
  await Promise.all(Array.from({ length: 100 }, (_, index) => queue.run(String(index), fail, 5_000)));
  expect(told).toEqual(["0"]);
  expect(await queue.close()).toHaveLength(100);
  expect(told).toEqual(["0"]);
});
