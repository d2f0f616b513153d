/**
 * A Python float literal in ASCII, with optional white space around it. Single underscores may group digits (PEP 515).
 * nan and inf do not match. No part can match in two ways, so even a hostile text takes only linear time.
 */
const FLOAT =
  /^[\t-\r ]*([+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?)[\t-\r ]*$/i;

/**
 * The literal that Python's `float()` would read from ASCII text, without white space and underscores. `undefined`
 * where `float()` fails, and for nan and inf.
 */
export function readFloatLiteral(text: string): string | undefined {
  return FLOAT.exec(text)?.[1]?.replaceAll("_", "");
}

/** Reads ASCII text as Python's `float()` does. Returns `undefined` if that fails or the number is not finite. */
export function parsePythonFloat(text: string): number | undefined {
  const literal = readFloatLiteral(text);
  if (literal === undefined) return undefined;
  const value = Number(literal);
  return Number.isFinite(value) ? value : undefined;
}

/** Writes a finite number as Python's `repr` does, with the fewest digits that read back as the same double. */
export function formatPythonFloat(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError("Only finite numbers can be written");
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa = "", exponentText = ""] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(exponentText);
  return sign + (exponent < -4 || exponent >= 16 ? scientific(digits, exponent) : positional(digits, exponent));
}

function scientific(digits: string, exponent: number): string {
  const mantissa = digits.length === 1 ? digits : `${digits.slice(0, 1)}.${digits.slice(1)}`;
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function positional(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const integer = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${integer}.${digits.slice(exponent + 1) || "0"}`;
}
