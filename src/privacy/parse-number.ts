/**
 * A Python float literal in ASCII, white space around it: digits may be grouped by single underscores (PEP 515); nan and inf
 * are left out. No part can match in two ways, so a hostile text costs no more than its length.
 */
const FLOAT =
  /^[\t-\r ]*([+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?)[\t-\r ]*$/i;

/** What Python's `float()` would read of ASCII text, without white space and underscores; `undefined` where it fails. */
export function readFloatLiteral(text: string): string | undefined {
  return FLOAT.exec(text)?.[1]?.replaceAll("_", "");
}

/** Reads a number as Python's `float()` reads ASCII text; `undefined` where that fails or the number is not finite. */
export function parsePythonFloat(text: string): number | undefined {
  const literal = readFloatLiteral(text);
  if (literal === undefined) return undefined;
  const value = Number(literal);
  return Number.isFinite(value) ? value : undefined;
}

/** Writes a finite number as Python's `repr` does: the shortest digits that read back as the same double. */
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
