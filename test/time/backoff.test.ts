import { expect, test } from "bun:test";
import { backoff, spread } from "../../src/time/backoff.ts";

test("each pause is twice the one before, up to the longest", () => {
  const pauses = [1, 2, 3, 4, 5, 5_000].map((attempts) => backoff(attempts, { firstMs: 200, longestMs: 1_000 }));
  expect(pauses).toEqual([200, 400, 800, 1_000, 1_000, 1_000]);
});

test("a factor makes it grow faster", () => {
  expect(backoff(3, { firstMs: 100, longestMs: 10_000, factor: 4 })).toBe(1_600);
});

test("a pause is spread between its half and its whole", () => {
  expect(spread(1_000, () => 0)).toBe(500);
  expect(spread(1_000, () => 1)).toBe(1_000);
});
