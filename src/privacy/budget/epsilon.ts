import { decompose } from "../double.ts";
import { readFloatLiteral } from "../parse-number.ts";
import { type Decimal, parseDecimal, shorten } from "./decimal.ts";

/** A privacy loss as a client wrote it. */
export interface Epsilon {
  /** The amount taken from the budget: the exact value of the text, or slightly more if the text is very long. */
  readonly charge: Decimal;
  /**
   * The epsilon of the noise: the largest double not above the text's value. So the noise never costs more than the
   * charge.
   */
  readonly noise: number;
}

/** Doubles have at most 1,074 digits behind the point. Adding up more digits is not worth the time. */
const finestScale = 1_200;
const mostCharacters = 5_000;

/**
 * Reads a number as Python's `float()` does. Returns `undefined` unless the number is positive and finite as a double
 * too. A number with too many digits to be added up exactly is charged as the next larger double.
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

/** The largest double not above a positive number. For numbers beyond all doubles, this is the largest double. */
export function floorToDouble(decimal: Decimal): number {
  const nearest = Math.min(Number(`${decimal.units}e-${decimal.scale}`), Number.MAX_VALUE);
  return isAbove(nearest, decimal) ? neighbour(nearest, -1n) : nearest;
}

function isAbove(value: number, { units, scale }: Decimal): boolean {
  const { mantissa, exponent } = decompose(value);
  const scaled = mantissa * 10n ** BigInt(scale);
  return exponent >= 0 ? scaled << BigInt(exponent) > units : scaled > units << BigInt(-exponent);
}

/** The exact decimal value of a double. It is finite, because 2^-n equals 5^n · 10^-n. */
function exactly(value: number): Decimal {
  const { mantissa, exponent } = decompose(value);
  if (exponent >= 0) return { units: mantissa << BigInt(exponent), scale: 0 };
  return shorten({ units: mantissa * 5n ** BigInt(-exponent), scale: -exponent });
}

/**
 * The next larger or smaller double of a positive double (`step` 1 or -1). The bits of positive doubles are ordered
 * like integers (IEEE 754 §3.4); infinity follows the largest double.
 */
function neighbour(value: number, step: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigUint64(0, view.getBigUint64(0) + step);
  return view.getFloat64(0);
}
