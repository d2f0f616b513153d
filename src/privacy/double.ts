import { bitLength } from "./random-integers.ts";

/**
 * The smallest positive double is 2^-1074. Every finite double is a whole multiple of it: a point of the lattice
 * 2^-1074.
 */
export const LATTICE_EXPONENT = -1074;
const MANTISSA_BITS = 53;
const FRACTION_BITS = 52n;
const FRACTION_MASK = (1n << FRACTION_BITS) - 1n;

/** A finite double as `mantissa · 2^exponent`, exactly; the mantissa carries the sign, the exponent is at least -1074. */
export interface ExactDouble {
  readonly mantissa: bigint;
  readonly exponent: number;
}

export function decompose(value: number): ExactDouble {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> FRACTION_BITS) & 0x7ffn);
  const fraction = bits & FRACTION_MASK;
  // Subnormals (IEEE 754 §3.4) have no hidden bit and share the lowest exponent.
  const magnitude = biased === 0 ? fraction : fraction | (1n << FRACTION_BITS);
  return {
    mantissa: bits >> 63n === 1n ? -magnitude : magnitude,
    exponent: Math.max(biased, 1) - 1 + LATTICE_EXPONENT,
  };
}

/** The value in units of 2^-1074. */
export function toLattice(value: number): bigint {
  const { mantissa, exponent } = decompose(value);
  return mantissa << BigInt(exponent - LATTICE_EXPONENT);
}

/**
 * Returns the double nearest to a multiple of 2^-1074; ties go to even. A multiple beyond the largest double becomes
 * the largest double, never infinity. Zero is never negative.
 */
export function fromLattice(units: bigint): number {
  const magnitude = units < 0n ? -units : units;
  const dropped = Math.max(0, bitLength(magnitude) - MANTISSA_BITS);
  const rounded = shiftRightToEven(magnitude, BigInt(dropped));
  // `rounded` has at most 53 bits or is 2^53, and scaling multiplies by a power of two. So neither step rounds again.
  const value = scaleByPowerOfTwo(Number(rounded), dropped + LATTICE_EXPONENT);
  const finite = Math.min(value, Number.MAX_VALUE);
  return units < 0n ? -finite : finite;
}

function shiftRightToEven(value: bigint, bits: bigint): bigint {
  if (bits === 0n) return value;
  const quotient = value >> bits;
  const rest = value - (quotient << bits);
  const half = 1n << (bits - 1n);
  return rest > half || (rest === half && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

/** 2^-1074 and 2^1023 are doubles, 2^2097 is not, so the power is applied in two exact steps. */
function scaleByPowerOfTwo(value: number, exponent: number): number {
  if (exponent > 1023) return value === 0 ? 0 : Number.POSITIVE_INFINITY;
  return value * 2 ** exponent;
}
