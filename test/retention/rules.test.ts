import { expect, test } from "bun:test";
import { keepDays, type RetentionRules, removesAnything } from "../../src/retention/rules.ts";

const none: RetentionRules = { untaggedDays: 0, taggedDays: 0, tags: [] };
const rules: RetentionRules = {
  untaggedDays: 7,
  taggedDays: 30,
  tags: [
    { pattern: "checkpoint-*", days: 14 },
    { pattern: "model-*", days: 0 },
    { pattern: "*-tmp", days: 1 },
    { pattern: "a*b*c", days: 2 },
    { pattern: "exact", days: 3 },
  ],
};

test.each([
  [[], 7],
  [["anything"], 30],
  [["checkpoint-1"], 14],
  [["checkpoint-1-tmp"], 14],
  [["model-1"], undefined],
  [["x-tmp"], 1],
  [["exact"], 3],
  [["exactly"], 30],
  [["abc"], 2],
  [["axxbxxc"], 2],
  [["ac"], 30],
  [["ab"], 30],
  [["checkpoint-1", "exact"], 14],
  [["checkpoint-1", "other"], 30],
  [["checkpoint-1", "model-1"], undefined],
])("a result with the tags %p is kept for %p days", (tags, days) => {
  expect(keepDays(rules, tags)).toBe(days);
});

test("a piece of a tag counts for one star only", () => {
  const overlapping = { ...none, tags: [{ pattern: "ab*ba", days: 1 }] };
  expect(keepDays(overlapping, ["aba"])).toBeUndefined();
  expect(keepDays(overlapping, ["abba"])).toBe(1);
});

test("0 keeps, for results with tags and without", () => {
  expect(keepDays(none, [])).toBeUndefined();
  expect(keepDays(none, ["a"])).toBeUndefined();
  expect(removesAnything(none)).toBe(false);
  expect(removesAnything({ ...none, tags: [{ pattern: "a", days: 0 }] })).toBe(false);
  expect(removesAnything({ ...none, tags: [{ pattern: "a", days: 1 }] })).toBe(true);
  expect(removesAnything({ ...none, untaggedDays: 1 })).toBe(true);
});
