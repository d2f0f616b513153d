import { describe, expect, test } from "bun:test";
import { bernoulliExp, type Fraction } from "../../src/privacy/bernoulli-exp.ts";
import { drawDiscreteLaplace } from "../../src/privacy/discrete-laplace.ts";
import { uniformBelow } from "../../src/privacy/random-integers.ts";
import { seededBytes } from "./seeded-bytes.ts";
import { ALPHA, binomialDeviation, type Cell, chiSquaredProbability, chiSquaredTail } from "./statistics.ts";

const DRAWS = 20_000;

const fraction = (numerator: bigint, denominator: bigint): Fraction => ({ numerator, denominator });
const toNumber = ({ numerator, denominator }: Fraction) => Number(numerator) / Number(denominator);

test("the judge knows the published quantiles of chi-squared", () => {
  expect(chiSquaredTail(3.841459, 1)).toBeCloseTo(0.05, 6);
  expect(chiSquaredTail(-2 * Math.log(ALPHA), 2)).toBeCloseTo(ALPHA, 9);
  expect(chiSquaredTail(149.4493, 100)).toBeCloseTo(0.001, 6);
});

describe("uniform integers", () => {
  test.each([1, 2, 3, 7, 100, 256, 257, 1000])("below %d are equally likely", (limit) => {
    const bound = BigInt(limit);
    const random = seededBytes(`uniform ${limit}`);
    const counts = new Map<bigint, number>();
    for (let i = 0; i < DRAWS; i++) {
      const value = uniformBelow(bound, random);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    expect([...counts.keys()].every((value) => value >= 0n && value < bound)).toBe(true);
    if (limit === 1) return;
    const cells = Array.from({ length: limit }, (_, value) => ({
      observed: counts.get(BigInt(value)) ?? 0,
      expected: DRAWS / limit,
    }));
    expect(chiSquaredProbability(cells)).toBeGreaterThan(ALPHA);
  });

  test("below a bound of many words reach its top and its bottom", () => {
    const random = seededBytes("large bound");
    const bound = (3n << 1100n) + 1n;
    const thirds = [0, 0, 0];
    for (let i = 0; i < 3000; i++) {
      const value = uniformBelow(bound, random);
      expect(value < bound).toBe(true);
      const third = Number(value / (1n << 1100n));
      thirds[third] = (thirds[third] ?? 0) + 1;
    }
    for (const count of thirds) expect(Math.abs(binomialDeviation(count, 3000, 1 / 3))).toBeLessThan(5);
  });
});

describe("bernoulliExp", () => {
  test("is always true at 0", () => {
    const random = seededBytes("zero");
    for (let i = 0; i < 1000; i++) expect(bernoulliExp(fraction(0n, 5n), random)).toBe(true);
  });

  test.each([
    ["1/2", fraction(1n, 2n), 20_000],
    ["1", fraction(1n, 1n), 20_000],
    ["7/3", fraction(7n, 3n), 20_000],
    ["10", fraction(10n, 1n), 400_000],
  ])(
    "is true with probability e^-x at x = %s",
    (name, x, trials) => {
      const random = seededBytes(`bernoulli ${name}`);
      let successes = 0;
      for (let i = 0; i < trials; i++) if (bernoulliExp(x, random)) successes++;
      expect(Math.abs(binomialDeviation(successes, trials, Math.exp(-toNumber(x))))).toBeLessThan(5);
    },
    60_000,
  );
});

describe.each([
  ["1/4", fraction(1n, 4n)],
  ["0.7", fraction(7n, 10n)],
  ["1", fraction(1n, 1n)],
  ["5/2", fraction(5n, 2n)],
  ["10", fraction(10n, 1n)],
  ["1000", fraction(1000n, 1n)],
])("discrete Laplace of scale %s", (name, scale) => {
  const random = seededBytes(`discrete ${name}`);
  const draws = Array.from({ length: DRAWS }, () => Number(drawDiscreteLaplace(scale, random)));
  const ratio = Math.exp(-1 / toNumber(scale));
  const probability = (y: number) => ((1 - ratio) / (1 + ratio)) * ratio ** Math.abs(y);

  test("follows its exact probabilities", () => {
    const counts = new Map<number, number>();
    for (const y of draws) counts.set(y, (counts.get(y) ?? 0) + 1);
    const reach = Math.ceil(toNumber(scale) * 40) + 1;
    const cells: Cell[] = [];
    for (let y = -reach; y <= reach; y++) {
      cells.push({ observed: counts.get(y) ?? 0, expected: DRAWS * probability(y) });
    }
    expect(cells.reduce((sum, { observed }) => sum + observed, 0)).toBe(DRAWS);
    expect(chiSquaredProbability(cells)).toBeGreaterThan(ALPHA);
  });

  test("has no preferred sign", () => {
    const signed = draws.filter((y) => y !== 0);
    const positive = signed.filter((y) => y > 0).length;
    expect(Math.abs(binomialDeviation(positive, signed.length, 1 / 2))).toBeLessThan(5);
  });

  test("has mean 0 and the variance of its formula, within 5 standard errors", () => {
    const variance = (2 * ratio) / (1 - ratio) ** 2;
    const fourthMoment = (2 * ratio * (1 + 10 * ratio + ratio ** 2)) / (1 - ratio) ** 4;
    const mean = draws.reduce((sum, y) => sum + y, 0) / DRAWS;
    const square = draws.reduce((sum, y) => sum + y * y, 0) / DRAWS;
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(variance / DRAWS));
    expect(Math.abs(square - variance)).toBeLessThan(5 * Math.sqrt((fourthMoment - variance ** 2) / DRAWS));
  });
});
