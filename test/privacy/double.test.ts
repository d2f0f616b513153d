import { expect, test } from "bun:test";
import fc from "fast-check";
import { decompose, fromLattice, toLattice } from "../../src/privacy/double.ts";

const finite = fc.double({ noDefaultInfinity: true, noNaN: true }).filter((x) => !Object.is(x, -0));
/** The next double away from zero. */
const nextUp = (x: number) => fromLattice(toLattice(x) + BigInt(2 ** Math.max(0, exponentOf(x))));
const exponentOf = (x: number) => decompose(x).exponent + 1074;

test("every double survives the way to the lattice and back", () => {
  fc.assert(fc.property(finite, (x) => expect(fromLattice(toLattice(x))).toBe(x)));
  const edges = [0, 1, -1, 5e-324, -5e-324, 2.225073858507201e-308, 2.2250738585072014e-308, 0.1, 2 ** 53];
  for (const x of [...edges, Number.MAX_VALUE, -Number.MAX_VALUE]) expect(fromLattice(toLattice(x))).toBe(x);
});

test("the lattice is the doubles' own: 5e-324 is one unit, 1 is 2^1074", () => {
  expect(toLattice(5e-324)).toBe(1n);
  expect(toLattice(1)).toBe(1n << 1074n);
  expect(toLattice(-0)).toBe(0n);
  expect(toLattice(-2.5)).toBe(-5n << 1073n);
});

test("addition on the lattice, rounded once, is IEEE addition", () => {
  fc.assert(
    fc.property(finite, finite, (a, b) => {
      const sum = a + b;
      fc.pre(Number.isFinite(sum));
      expect(fromLattice(toLattice(a) + toLattice(b))).toBe(sum === 0 ? 0 : sum);
    }),
    { numRuns: 1000 },
  );
});

test("halves go to the even neighbour", () => {
  const unit = 1n << 1074n;
  const big = 2n ** 53n;
  expect(fromLattice((big + 1n) * unit)).toBe(2 ** 53);
  expect(fromLattice((big + 3n) * unit)).toBe(2 ** 53 + 4);
  expect(fromLattice((big + 1n) * unit + 1n)).toBe(2 ** 53 + 2);
  expect(fromLattice(-(big + 3n) * unit)).toBe(-(2 ** 53 + 4));
});

test("rounding up may carry into the next power of two", () => {
  const justBelow = (1n << 1100n) - 1n;
  expect(fromLattice(justBelow)).toBe(2 ** 26);
});

test("what lies beyond the largest double becomes the largest double", () => {
  const largest = toLattice(Number.MAX_VALUE);
  for (const units of [largest + 1n, largest * 2n, largest << 2000n]) {
    expect(fromLattice(units)).toBe(Number.MAX_VALUE);
    expect(fromLattice(-units)).toBe(-Number.MAX_VALUE);
  }
});

test("rounding never changes an order", () => {
  fc.assert(
    fc.property(finite, fc.bigInt(-(2n ** 1100n), 2n ** 1100n), (x, step) => {
      const units = toLattice(x);
      if (step >= 0n) expect(fromLattice(units + step)).toBeGreaterThanOrEqual(x);
      else expect(fromLattice(units + step)).toBeLessThanOrEqual(x);
    }),
  );
  expect(nextUp(1)).toBe(1 + Number.EPSILON);
});
