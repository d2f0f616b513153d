import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatPythonFloat, parsePythonFloat } from "../../src/privacy/parse-number.ts";

const finite = fc.double({ noDefaultInfinity: true, noNaN: true });
const python = Bun.which("python3");

/** Feeds lines to Python and returns what it prints. */
async function runPython(program: string, lines: readonly string[]): Promise<string[]> {
  const child = Bun.spawn([python ?? "python3", "-c", program], { stdin: new Blob([lines.join("\n")]) });
  return (await new Response(child.stdout).text()).trimEnd().split("\n");
}

test.each([
  ["118", 118],
  ["  3.5\n", 3.5],
  ["\t1\r\n", 1],
  ["\v\f1\v\f", 1],
  ["1.", 1],
  [".5", 0.5],
  ["+.5", 0.5],
  ["-2", -2],
  ["1e5", 1e5],
  ["1E-5", 1e-5],
  ["1.e+3", 1000],
  ["1_000.5", 1000.5],
  ["1_0e1_0", 1e11],
  ["007", 7],
  ["5e-324", 5e-324],
  ["1e-400", 0],
  ["0.1000000000000000055511151231257827021181583404541015625", 0.1],
  ["1.7976931348623157e308", Number.MAX_VALUE],
])("reads %j", (text, value) => {
  expect(parsePythonFloat(text)).toBe(value);
});

test("reads the sign of a negative zero", () => {
  expect(parsePythonFloat("-0")).toBe(-0);
});

test.each([
  ...["", " ", ".", "e1", "1e", "1e+", "+", "--1", "0x10", "0b1", "1,5", "1 2", "1.5.2", "1f", "1n", "1\0", "\x1c1"],
  ...["_1", "1_", "1__0", "1_.5", "1._5", "1e_1", "1_e1", "1e1_"],
  ...["nan", "inf", "-inf", "Infinity", "1e400", "-1e400"],
  ...["１", "\u00a01", "\ufeff1", "½"],
])("refuses %j", (text) => {
  expect(parsePythonFloat(text)).toBeUndefined();
});

test("a long hostile text is judged at once", () => {
  expect(parsePythonFloat(`${"1_1".repeat(100_000)}x`)).toBeUndefined();
  expect(parsePythonFloat(`${" ".repeat(300_000)}x`)).toBeUndefined();
});

test.each([
  [118, "118.0"],
  [0, "0.0"],
  [-0, "-0.0"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [1.5e-7, "1.5e-07"],
  [1e15, "1000000000000000.0"],
  [9999999999999998, "9999999999999998.0"],
  [1e16, "1e+16"],
  [1.25e16, "1.25e+16"],
  [-123.456, "-123.456"],
  [1e100, "1e+100"],
  [5e-324, "5e-324"],
  [Number.MAX_VALUE, "1.7976931348623157e+308"],
  [1 / 3, "0.3333333333333333"],
])("writes %d as Python does", (value, text) => {
  expect(formatPythonFloat(value)).toBe(text);
});

test("what is written reads back as the same number", () => {
  fc.assert(fc.property(finite, (value) => expect(parsePythonFloat(formatPythonFloat(value))).toBe(value)));
});

test("a number that is not finite cannot be written", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => formatPythonFloat(value)).toThrow(RangeError);
});

describe.skipIf(python === null)("beside Python itself", () => {
  test("random doubles are written alike", async () => {
    const values = fc.sample(finite, 5000);
    const hex = values.map((value) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setFloat64(0, value);
      return view.getBigUint64(0).toString(16).padStart(16, "0");
    });
    const program =
      "import struct,sys\nfor l in sys.stdin: print(repr(struct.unpack('>d', bytes.fromhex(l.strip()))[0]))";
    expect(values.map(formatPythonFloat)).toEqual(await runPython(program, hex));
  });

  test("random texts are read alike, but for what is not finite", async () => {
    const texts = fc.sample(fc.array(fc.constantFrom(..."0123459._+-eE \t"), { maxLength: 8 }), 5000);
    const lines = texts.map((characters) => JSON.stringify(characters.join("")));
    const program = [
      "import json,math,sys",
      "for line in sys.stdin:",
      "  try: x = float(json.loads(line))",
      "  except ValueError: x = math.nan",
      "  print(repr(x) if math.isfinite(x) else 'None')",
    ].join("\n");
    const ours = texts.map((characters) => {
      const value = parsePythonFloat(characters.join(""));
      return value === undefined ? "None" : formatPythonFloat(value);
    });
    expect(ours.filter((text) => text !== "None").length).toBeGreaterThan(100);
    expect(ours).toEqual(await runPython(program, lines));
  });
});
