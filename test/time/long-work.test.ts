import { expect, test } from "bun:test";
import { createLongWork } from "../../src/time/long-work.ts";

/** A clock on which each piece of work takes a millisecond. */
function createSubject() {
  let now = 0;
  const work = createLongWork({ steadyNow: () => now, pieceMs: 5 });
  return { work, pass: () => (now += 1) };
}

test("others are served after every few milliseconds of work", async () => {
  const { work, pass } = createSubject();
  let [longest, run] = [0, 0];
  let isOver = false;
  const others = (async () => {
    for (; !isOver; run = 0) await new Promise((resolve) => setTimeout(resolve, 0));
  })();
  await work.forEach(200, () => {
    pass();
    run += 1;
    longest = Math.max(longest, run);
  });
  isOver = true;
  await others;
  expect(longest).toBeGreaterThan(1);
  expect(longest).toBeLessThanOrEqual(10);
});

test("nobody is kept waiting for more than five milliseconds, where nothing else is said", async () => {
  let [now, asked, run, longest, pauses] = [0, 0, 0, 0, 0];
  const steadyNow = () => {
    asked += 1;
    return now;
  };
  await createLongWork({ steadyNow }).forEach(200, () => {
    // The clock is asked once after each piece, and once more behind a pause.
    if (asked !== 1) {
      pauses += 1;
      run = 0;
    }
    asked = 0;
    now += 1;
    run += 1;
    longest = Math.max(longest, run);
  });
  expect([longest <= 5, pauses >= 40]).toEqual([true, true]);
});

test("of several at once one is done after the other, also after one that fails", async () => {
  const { work, pass } = createSubject();
  const order: string[] = [];
  const run = (name: string) =>
    work.forEach(20, (index) => {
      pass();
      order.push(name);
      if (name === "b" && index === 7) throw new Error("no");
    });
  const results = await Promise.allSettled([run("a"), run("b"), run("c")]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(order.join("")).toBe("a".repeat(20) + "b".repeat(8) + "c".repeat(20));
});
