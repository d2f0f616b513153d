import { expect, test } from "bun:test";
import { parseRetryAfter } from "../../../src/hub/transport/retry-after.ts";

const nowMs = Date.parse("2026-01-01T00:00:00Z");

test.each([
  ["7", 7_000],
  [" 0 ", 0],
  ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
  ["Thursday, 01-Jan-26 00:00:30 GMT", 30_000],
  ["Thu Jan  1 00:00:30 2026", 30_000],
  ["Wed, 01 Jan 2025 00:00:30 GMT", 0],
])("Retry-After: %s is understood", (header, expected) => {
  expect(parseRetryAfter(header, nowMs)).toBe(expected);
});

test.each([null, "", "soon", "-5", "-5x", "1.5", "+3", "1e3", "0x10", "7, 8", "2026-01-01T00:00:30Z", "9".repeat(20)])(
  "Retry-After: %p is not",
  (header) => {
    expect(parseRetryAfter(header, nowMs)).toBeUndefined();
  },
);
