import type { Fraction } from "./bernoulli-exp.ts";
import { drawDiscreteLaplace } from "./discrete-laplace.ts";
import { decompose, fromLattice, LATTICE_EXPONENT, toLattice } from "./double.ts";
import type { RandomBytes } from "./random-integers.ts";

export interface LaplaceOptions {
  /** How far one individual can move the value. */
  readonly sensitivity: number;
  /** The privacy budget to spend. */
  readonly epsilon: number;
}

/**
 * The value with Laplace noise of scale sensitivity / epsilon: epsilon-differentially private for values that lie at most
 * `sensitivity` apart. Throws `RangeError` unless the value is finite and both options are positive and finite.
 *
 * The textbook formula on doubles is not private, as the gaps in its outputs give the value away (Mironov, "On Significance
 * of the Least Significant Bits for Differential Privacy", CCS 2012). So, as OpenDP does, the noise is a discrete
 * Laplace draw on the lattice 2^-1074 on which every double lies, in integers of any size and with the exact quotient as its
 * scale; the only rounding is that of the sum to the nearest double. A sum beyond the largest double becomes the largest
 * double, and zero is never negative. Rounding and clamping look at the sum only, so they cost no privacy.
 */
export function addLaplaceNoise(value: number, options: LaplaceOptions, randomBytes: RandomBytes): number {
  if (!Number.isFinite(value)) throw new RangeError("The value must be finite");
  return fromLattice(toLattice(value) + drawDiscreteLaplace(latticeScale(options), randomBytes));
}

/** sensitivity / epsilon in units of 2^-1074, exactly. */
function latticeScale({ sensitivity, epsilon }: LaplaceOptions): Fraction {
  for (const [name, parameter] of Object.entries({ sensitivity, epsilon })) {
    if (!(parameter > 0 && Number.isFinite(parameter))) throw new RangeError(`${name} must be positive and finite`);
  }
  const dividend = decompose(sensitivity);
  const divisor = decompose(epsilon);
  const exponent = dividend.exponent - divisor.exponent - LATTICE_EXPONENT;
  return {
    numerator: dividend.mantissa << BigInt(Math.max(0, exponent)),
    denominator: divisor.mantissa << BigInt(Math.max(0, -exponent)),
  };
}
