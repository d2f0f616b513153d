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
