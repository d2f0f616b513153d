import { describe, expect, test } from "bun:test";
import { decompose, toLattice } from "../../src/privacy/double.ts";
import { addNoiseToList } from "../../src/privacy/noisy-list.ts";
import { poolRandomBytes } from "../../src/privacy/pooled-bytes.ts";
import { createLongWork } from "../../src/time/long-work.ts";
import { seededBytes } from "./seeded-bytes.ts";
import {
  ALPHA,
  binomialDeviation,
  chiSquaredProbability,
  kolmogorovCritical,
  kolmogorovSmirnov,
} from "./statistics.ts";

// The noise of a list, coordinate by coordinate, passes what the noise of a single number has to pass.
const draws = 3_000;
const width = 4;
const longWork = createLongWork({ steadyNow: () => performance.now() });
const laplaceCdf = (x: number) => (x < 0 ? Math.exp(x) / 2 : 1 - Math.exp(-x) / 2);

async function drawAll(values: readonly number[], options: { sensitivity: number; epsilon: number }, seed: string) {
  const random = poolRandomBytes(seededBytes(seed));
  const rows: number[][] = [];
  for (let row = 0; row < draws; row += 1) {
    rows.push(JSON.parse(await addNoiseToList(Float64Array.from(values), options, random, longWork)));
  }
  return rows;
}

describe.each([
  { values: [0, 42, -1e6, 0.5], sensitivity: 1, epsilon: 1 },
  { values: [1e10, 0, 3.7, -0.25], sensitivity: 1e3, epsilon: 0.3 },
])("noise on a list with L1 sensitivity $sensitivity and epsilon $epsilon", ({ values, ...options }) => {
  const scale = options.sensitivity / options.epsilon;
  const noise = drawAll(values, options, `list ${options.sensitivity}`).then((rows) =>
    values.map((value, column) => rows.map((row) => ((row[column] ?? Number.NaN) - value) / scale)),
  );

  test("is Laplace of scale sensitivity / epsilon in every coordinate", async () => {
    for (const column of await noise) {
      expect(kolmogorovSmirnov(column, laplaceCdf)).toBeLessThan(kolmogorovCritical(draws));
      const cells = Array.from({ length: 20 }, (_, cell) => {
        const inCell = column.filter((x) => Math.floor(20 * laplaceCdf(x)) === cell).length;
        return { observed: inCell, expected: draws / 20 };
      });
      expect(chiSquaredProbability(cells)).toBeGreaterThan(ALPHA);
    }
  }, 60_000);

  test("has no preferred sign in any coordinate", async () => {
    for (const column of await noise) {
      const positive = column.filter((x) => x > 0).length;
      expect(Math.abs(binomialDeviation(positive, draws, 1 / 2))).toBeLessThan(5);
    }
  }, 60_000);

  test("of one coordinate says nothing about another's, nor about the next list's", async () => {
    const columns = await noise;
    const pairs = columns.flatMap((one, index) => columns.slice(index + 1).map((other) => [one, other] as const));
    const shifted = columns.map((column) => [column.slice(1), column.slice(0, -1)] as const);
    for (const [one, other] of [...pairs, ...shifted]) {
      // Of signs and of sizes; each product has a known variance where both are independent: 1, and 2 · 2.
      const signs = one.reduce((sum, x, row) => sum + Math.sign(x) * Math.sign(other[row] ?? 0), 0);
      const products = one.reduce((sum, x, row) => sum + x * (other[row] ?? 0), 0);
      expect(Math.abs(signs)).toBeLessThan(5 * Math.sqrt(one.length));
      expect(Math.abs(products)).toBeLessThan(5 * Math.sqrt(4 * one.length));
    }
    expect(pairs).toHaveLength((width * (width - 1)) / 2);
  }, 60_000);
});

test("near zero every coordinate has all of its digits, wherever its value lies", async () => {
  const rows = await drawAll([0, 1, -1], { sensitivity: 1, epsilon: 1 }, "list low bits");
  for (const column of [0, 1, 2]) {
    const small = rows.map((row) => row[column] ?? Number.NaN).filter((x) => Math.abs(x) < 1 / 4);
    const odd = small.filter((x) => decompose(x).mantissa % 2n !== 0n).length;
    expect(small.length).toBeGreaterThan(200);
    expect(Math.abs(binomialDeviation(odd, small.length, 1 / 2))).toBeLessThan(5);
    expect(small.every((x) => toLattice(x) !== 0n)).toBe(true);
  }
}, 60_000);

test("a list is written as Python writes it, and its true numbers are gone", async () => {
  const numbers = Float64Array.from([118, 1e-5, 1e22]);
  const options = { sensitivity: 5e-324, epsilon: 1 };
  expect(await addNoiseToList(numbers, options, seededBytes("repr"), longWork)).toBe("[118.0, 1e-05, 1e+22]");
  expect([...numbers]).toEqual([0, 0, 0]);
});

test("bytes from the pool are those of the source, each once", () => {
  const [pooled, plain] = [poolRandomBytes(seededBytes("pool")), seededBytes("pool")];
  const lengths = [1, 7, 16_000, 384, 1, 16_383];
  const given = lengths.map((length) => pooled(length).toHex());
  expect(given.map((hex) => hex.length / 2)).toEqual(lengths);
  const [first, second] = [plain(16_384).toHex(), plain(16_384).toHex()];
  expect(first.startsWith(given.slice(0, 3).join(""))).toBe(true);
  expect(second.startsWith(given[3] ?? "x")).toBe(true);
});
