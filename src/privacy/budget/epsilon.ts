import { decompose } from "../double.ts";
import { readFloatLiteral } from "../parse-number.ts";
import { type Decimal, parseDecimal, shorten } from "./decimal.ts";

/** A privacy loss as a client has written it. */
export interface Epsilon {
  /** What is taken from the budget: the text's exact value. */
  readonly charge: Decimal;
  /** What the noise is drawn with: the largest double that is not above the text's value, so that it never costs more. */
  readonly noise: number;
}

/** Doubles have at most 1,074 digits behind the point. What has more is not worth the time to add it up. */
const finestScale = 1_200;
const mostCharacters = 5_000;

/**
 * Reads a number as Python's `float()` does; `undefined` unless it is positive and finite as a double, too. One that is too long
 * to be added up exactly is charged as the double above it.
 */
export function readEpsilon(text: string): Epsilon | undefined {
  const literal = readFloatLiteral(text)?.replace(/^\+/, "");
  if (literal === undefined) return undefined;
  const nearest = Number(literal);
  if (!(nearest > 0 && Number.isFinite(nearest))) return undefined;
  const exact = literal.length > mostCharacters ? undefined : parseDecimal(literal);
  const isExact = exact !== undefined && exact.scale <= finestScale;
  const charge = isExact ? exact : exactly(neighbour(nearest, 1n));
  const noise = isExact ? floorToDouble(exact) : neighbour(nearest, -1n);
  return noise > 0 ? { charge, noise } : undefined;
}

/** The largest double that is not above a positive number; the largest of all beyond it. */
export function floorToDouble(decimal: Decimal): number {
  const nearest = Math.min(Number(`${decimal.units}e-${decimal.scale}`), Number.MAX_VALUE);
  return isAbove(nearest, decimal) ? neighbour(nearest, -1n) : nearest;
}

function isAbove(value: number, { units, scale }: Decimal): boolean {
  const { mantissa, exponent } = decompose(value);
  const scaled = mantissa * 10n ** BigInt(scale);
  return exponent >= 0 ? scaled << BigInt(exponent) > units : scaled > units << BigInt(-exponent);
}

/** The value of a double, whose digits are those of a fraction of a power of two. */
function exactly(value: number): Decimal {
  const { mantissa, exponent } = decompose(value);
  if (exponent >= 0) return { units: mantissa << BigInt(exponent), scale: 0 };
  return shorten({ units: mantissa * 5n ** BigInt(-exponent), scale: -exponent });
}

/** The next one of a positive double; their bits count like integers (IEEE 754 §3.4), infinity like 2^1024. */
function neighbour(value: number, step: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigUint64(0, view.getBigUint64(0) + step);
  return view.getFloat64(0);
}
