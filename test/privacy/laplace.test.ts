import { describe, expect, test } from "bun:test";
import { decompose } from "../../src/privacy/double.ts";
import { addLaplaceNoise } from "../../src/privacy/laplace.ts";
import { seededBytes } from "./seeded-bytes.ts";
import { binomialDeviation, kolmogorovCritical, kolmogorovSmirnov } from "./statistics.ts";

const DRAWS = 5000;
const laplaceCdf = (x: number) => (x < 0 ? Math.exp(x) / 2 : 1 - Math.exp(-x) / 2);

describe.each([
  { value: 0, sensitivity: 1, epsilon: 1 },
  { value: 42, sensitivity: 3.7, epsilon: 0.3 },
  { value: -1e6, sensitivity: 1e-3, epsilon: 1e-5 },
  { value: 0, sensitivity: 1e-310, epsilon: 0.1 },
  { value: 1e10, sensitivity: 1e300, epsilon: 1e3 },
])("noise on $value with sensitivity $sensitivity and epsilon $epsilon", ({ value, sensitivity, epsilon }) => {
  const random = seededBytes(`laplace ${value} ${sensitivity} ${epsilon}`);
  const scale = sensitivity / epsilon;
  const noise = Array.from({ length: DRAWS }, () => {
    return (addLaplaceNoise(value, { sensitivity, epsilon }, random) - value) / scale;
  });

  test("is Laplace of scale sensitivity / epsilon", () => {
    expect(kolmogorovSmirnov(noise, laplaceCdf)).toBeLessThan(kolmogorovCritical(DRAWS));
  });

  test("has no preferred sign", () => {
    const positive = noise.filter((x) => x > 0).length;
    expect(Math.abs(binomialDeviation(positive, DRAWS, 1 / 2))).toBeLessThan(5);
  });

  test("has mean 0 and variance 2, within 5 standard errors", () => {
    const mean = noise.reduce((sum, x) => sum + x, 0) / DRAWS;
    const square = noise.reduce((sum, x) => sum + x * x, 0) / DRAWS;
    // The fourth moment of the standard Laplace distribution is 24.
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(2 / DRAWS));
    expect(Math.abs(square - 2)).toBeLessThan(5 * Math.sqrt((24 - 2 ** 2) / DRAWS));
  });
});

test("neighbouring values reach the same doubles", () => {
  // On a lattice this coarse the outputs from 0 and from 1 can be listed: every one of either is reached from the other.
  const random = seededBytes("neighbours");
  const tiny = 5e-324;
  const reached = (value: number) =>
    new Set(Array.from({ length: 4000 }, () => addLaplaceNoise(value, { sensitivity: tiny, epsilon: 1 }, random)));
  const [fromZero, fromOne] = [reached(0), reached(tiny)];
  for (let units = -3; units <= 4; units++) {
    expect(fromZero.has(units * tiny)).toBe(true);
    expect(fromOne.has(units * tiny)).toBe(true);
  }
});

test("an output near zero has all of its digits, wherever the value lies", () => {
  // The textbook formula on doubles gives itself away here: 1 plus a noise near -1 is a multiple of 2^-53, so outputs below
  // 1/4 end in zero bits, which those from a value of 0 need not.
  const random = seededBytes("low bits");
  for (const value of [0, 1, -1]) {
    const draws = Array.from({ length: 4000 }, () => addLaplaceNoise(value, { sensitivity: 1, epsilon: 1 }, random));
    const small = draws.filter((x) => Math.abs(x) < 1 / 4);
    const odd = small.filter((x) => decompose(x).mantissa % 2n !== 0n).length;
    expect(small.length).toBeGreaterThan(200);
    expect(Math.abs(binomialDeviation(odd, small.length, 1 / 2))).toBeLessThan(5);
  }
});

test("no draw is infinite, not a number, or negative zero", () => {
  const random = seededBytes("extremes");
  for (const value of [Number.MAX_VALUE, -Number.MAX_VALUE, 0, 5e-324]) {
    for (const sensitivity of [5e-324, 1, Number.MAX_VALUE]) {
      for (const epsilon of [5e-324, 1, Number.MAX_VALUE]) {
        for (let i = 0; i < 10; i++) {
          const noisy = addLaplaceNoise(value, { sensitivity, epsilon }, random);
          expect(Number.isFinite(noisy)).toBe(true);
          expect(Object.is(noisy, -0)).toBe(false);
        }
      }
    }
  }
});

test("noise that is far below the value's last digit leaves the value", () => {
  const random = seededBytes("fine noise");
  expect(addLaplaceNoise(1.5, { sensitivity: 5e-324, epsilon: 1 }, random)).toBe(1.5);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("a sensitivity or epsilon of %d is refused", (bad) => {
  const random = seededBytes("bad");
  expect(() => addLaplaceNoise(1, { sensitivity: bad, epsilon: 1 }, random)).toThrow(RangeError);
  expect(() => addLaplaceNoise(1, { sensitivity: 1, epsilon: bad }, random)).toThrow(RangeError);
});

test("a value that is not finite is refused", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(() => addLaplaceNoise(value, { sensitivity: 1, epsilon: 1 }, seededBytes("bad"))).toThrow(RangeError);
  }
});
