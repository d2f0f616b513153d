import { expect, test } from "bun:test";
import fc from "fast-check";
import { createNumberListReader, mostNumbers } from "../../src/privacy/number-list.ts";

function read(text: string, cuts: readonly number[] = []): number[] | undefined {
  const bytes = new TextEncoder().encode(text);
  const reader = createNumberListReader();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [index, place] of places.entries()) reader.push(bytes.subarray(places[index - 1] ?? 0, place));
  const numbers = reader.finish();
  return numbers === undefined ? undefined : [...numbers];
}

test.each([
  ["[1]", [1]],
  [" [ 1 ,\n2.5,\t-3e2 ] \r\n", [1, 2.5, -300]],
  ["[.5, 1., +2, 1_000]", [0.5, 1, 2, 1000]],
  ["[-0.0, 5e-324]", [-0, 5e-324]],
])("%p is a list", (text, expected) => {
  expect(read(text)).toEqual(expected);
});

test.each([
  "",
  " ",
  "[]",
  "[ ]",
  "1",
  "[1",
  "1]",
  "[1]]",
  "[1] 2",
  "[1,]",
  "[,1]",
  "[1,,2]",
  "[1 2]",
  "[[1]]",
  "{}",
  '["1"]',
  "[null]",
  "[true]",
  "[NaN]",
  "[Infinity]",
  "[1e999]",
  "[0x10]",
  "[1\v]",
  "[\u00a01]",
  "[１]",
  "\ufeff[1]",
  `[${"1".repeat(1_025)}]`,
  "[1]\0",
])("%p is none", (text) => {
  expect(read(text)).toBeUndefined();
});

test("as many numbers are read as are allowed, and not one more", () => {
  const numbers = Array.from({ length: mostNumbers }, (_, index) => index);
  expect(read(JSON.stringify(numbers))).toEqual(numbers);
  expect(read(JSON.stringify([...numbers, 1]))).toBeUndefined();
});

test("whatever is a JSON list of numbers is read as such, wherever it is cut into pieces", () => {
  const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 });
  const law = fc.property(numbers, fc.array(fc.nat(1_000)), fc.nat(3), (list, cuts, indent) => {
    const text = JSON.stringify(list, undefined, indent);
    expect(read(text, cuts)).toEqual(JSON.parse(text));
  });
  fc.assert(law, { seed: 20_260_131, numRuns: 500 });
});
