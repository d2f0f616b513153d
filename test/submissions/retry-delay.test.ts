import { expect, test } from "bun:test";
import fc from "fast-check";
import { longestFixedMs, retryDelay } from "../../src/submissions/retry-delay.ts";

const maxMs = 60_000;

test("retries start at one second and double up to the longest pause", () => {
  const wholes = Array.from({ length: 9 }, (_, index) => retryDelay(index + 1, undefined, maxMs, () => 1).delayMs);
  expect(wholes).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test("they are spread over half of the pause, however many there were", () => {
  const attempts = fc.integer({ min: 1, max: 1_000_000 });
  fc.assert(
    fc.property(attempts, fc.double({ min: 0, max: 1, noNaN: true }), (count, random) => {
      const whole = retryDelay(count, undefined, maxMs, () => 1).delayMs;
      const { delayMs, isFixed } = retryDelay(count, undefined, maxMs, () => random);
      expect(delayMs).toBeGreaterThanOrEqual(whole / 2);
      expect(delayMs).toBeLessThanOrEqual(whole);
      expect(isFixed).toBe(false);
    }),
  );
});

test("a Hub that asks for more time gets it, up to an hour; for less it never does", () => {
  expect(retryDelay(1, 90_000, maxMs, () => 0)).toEqual({ delayMs: 90_000, isFixed: true });
  expect(retryDelay(1, 0, maxMs, () => 0)).toEqual({ delayMs: 500, isFixed: false });
  expect(retryDelay(9, 0, maxMs, () => 0)).toEqual({ delayMs: 30_000, isFixed: false });
  expect(retryDelay(1, 10 ** 12, maxMs, () => 0)).toEqual({ delayMs: 3_600_000, isFixed: true });
});

test("what all nodes are told alike is spread by a tenth, upwards", () => {
  expect(retryDelay(1, 60_000, maxMs, () => 0.5)).toEqual({ delayMs: 63_000, isFixed: true });
  expect(retryDelay(1, 10 ** 12, maxMs, () => 1).delayMs).toBe(longestFixedMs);
});
