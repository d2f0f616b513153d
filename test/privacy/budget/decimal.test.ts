import { expect, test } from "bun:test";
import fc from "fast-check";
import { add, formatDecimal, isMore, parseDecimal, subtract, zero } from "../../../src/privacy/budget/decimal.ts";
import { floorToDouble, readEpsilon } from "../../../src/privacy/budget/epsilon.ts";
import { decompose } from "../../../src/privacy/double.ts";

const read = (text: string) => parseDecimal(text) ?? expect.unreachable(`${text} is no decimal`);
const sumOf = (...texts: string[]) => formatDecimal(texts.map(read).reduce(add, zero));
const settings = { seed: 20_260_131, numRuns: 300 };

/** Digits with a point somewhere, and perhaps an exponent. */
const decimals = fc
  .tuple(fc.stringMatching(/^[0-9]{0,40}$/), fc.stringMatching(/^[0-9]{1,40}$/), fc.integer({ min: -340, max: 340 }))
  .map(([whole, fraction, exponent]) => `${whole}.${fraction}e${exponent}`);

test.each([
  ["1", "1"],
  ["1.0", "1"],
  ["0.10", "0.1"],
  ["1.", "1"],
  [".5", "0.5"],
  ["007", "7"],
  ["+3", "3"],
  ["0e5", "0"],
  ["1e-6", "0.000001"],
  ["9.99e-7", "9.99e-7"],
  ["1e-7", "1e-7"],
  ["1e20", "100000000000000000000"],
  ["123456789012345678901", "123456789012345678901"],
  ["1e21", "1e21"],
  ["12e20", "1.2e21"],
  ["1e-320", "1e-320"],
  ["0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"],
])("%s is written as %s", (text, expected) => {
  expect(formatDecimal(read(text))).toBe(expected);
});

test.each(["", " ", "-1", "1e", "e1", ".", "1.2.3", "0x10", "1_0", "NaN", "Infinity", "1e99999", "1 ", "１"])(
  "%p is no decimal",
  (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  },
);

test("ten tenths are one, which they are not as doubles", () => {
  expect(sumOf(...Array.from({ length: 10 }, () => "0.1"))).toBe("1");
  expect(Array.from({ length: 10 }, () => 0.1).reduce((sum, value) => sum + value)).not.toBe(1);
});

test("the smallest, the oddest and the longest numbers are summed to their last digit", () => {
  expect(sumOf("1", "1e-320")).toBe(`1.${"0".repeat(319)}1`);
  expect(sumOf("0.1000000000000000055511151231257827", "0.1")).toBe("0.2000000000000000055511151231257827");
  const digits = `${"1234567890".repeat(40)}`;
  expect(sumOf(`0.${digits}`, `0.${digits}`)).toBe(
    `0.${(2n * BigInt(digits)).toString().padStart(400, "0")}`.replace(/0+$/, ""),
  );
});

test("what is written is read as the same number, and written the same again", () => {
  const law = fc.property(decimals, (text) => {
    const written = formatDecimal(read(text));
    expect(formatDecimal(read(written))).toBe(written);
    expect(isMore(read(text), read(written)) || isMore(read(written), read(text))).toBe(false);
    expect(Number(written)).toBe(Number(text));
  });
  fc.assert(law, settings);
}, 60_000);

test("sums know no order, and taking away undoes adding", () => {
  const law = fc.property(decimals, decimals, decimals, (one, two, three) => {
    expect(sumOf(one, two, three)).toBe(sumOf(three, one, two));
    expect(formatDecimal(subtract(add(read(one), read(two)), read(two)))).toBe(formatDecimal(read(one)));
    expect(isMore(add(read(one), read(two)), read(one))).toBe(isMore(read(two), zero));
  });
  fc.assert(law, settings);
}, 60_000);

test("doubles are written as JavaScript writes them, apart from the plus of an exponent", () => {
  const doubles = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
  const law = fc.property(doubles, (value) => {
    const text = String(value);
    expect(formatDecimal(read(text))).toBe(text.replace("e+", "e"));
  });
  fc.assert(law, settings);
});

/** Whether a double is above a decimal, in whole numbers. */
function isAbove(value: number, text: string): boolean {
  const { units, scale } = read(text);
  const { mantissa, exponent } = decompose(value);
  const shift = BigInt(Math.max(0, -exponent));
  return (mantissa << BigInt(Math.max(0, exponent))) * 10n ** BigInt(scale) > units << shift;
}

function next(value: number): number {
  const bits = new BigUint64Array(new Float64Array([value]).buffer);
  return new Float64Array(new BigUint64Array([(bits[0] ?? 0n) + 1n]).buffer)[0] ?? Number.NaN;
}

test("the noise's epsilon is the largest double that is not above the text", () => {
  const positive = decimals.filter((text) => Number(text) > 0 && Number(text) < Number.MAX_VALUE);
  const law = fc.property(positive, (text) => {
    const noise = floorToDouble(read(text));
    expect([isAbove(noise, text), isAbove(next(noise), text)]).toEqual([false, true]);
  });
  fc.assert(law, settings);
  expect(readEpsilon("0.1")?.noise).toBe(0.09999999999999999);
  expect(readEpsilon("0.1000000000000000055511151231257827")?.noise).toBe(0.09999999999999999);
  expect(readEpsilon("0.1000000000000000055511151231257828")?.noise).toBe(0.1);
  expect(readEpsilon("1")?.noise).toBe(1);
});

test.each(["0", "-1", "nan", "inf", "1e400", "1e-400", "4e-324", "", "x", "0x1", "--1"])("%p is no epsilon", (text) => {
  expect(readEpsilon(text)).toBeUndefined();
});

test("an epsilon is read as Python reads a number", () => {
  for (const text of [" 1_0 ", "+10", "1e1", "10.", "\t10\n"]) {
    const { charge, noise } = readEpsilon(text) ?? expect.unreachable(text);
    expect([formatDecimal(charge), noise]).toEqual(["10", 10]);
  }
});

test("an epsilon too long to be added up is charged as the next double above it, and drawn with the next one below", () => {
  for (const text of [`0.1${"0".repeat(10_000)}1`, `1${"0".repeat(9_999)}e-10000`, `0.1${"0".repeat(1_300)}1`]) {
    const { charge, noise } = readEpsilon(text) ?? expect.unreachable("no epsilon");
    expect(charge.scale).toBeLessThan(1_100);
    expect([isMore(charge, read("0.1")), noise]).toEqual([true, 0.09999999999999999]);
  }
  const { charge } =
    readEpsilon(`${"17976931348623157".padEnd(309, "0")}.${"0".repeat(6_000)}1`) ?? expect.unreachable("none");
  expect(charge.units).toBe(2n ** 1024n);
});
