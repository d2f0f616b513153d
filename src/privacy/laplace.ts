import type { Fraction } from "./bernoulli-exp.ts";
import { drawDiscreteLaplace } from "./discrete-laplace.ts";
import { decompose, fromLattice, LATTICE_EXPONENT, toLattice } from "./double.ts";
import type { RandomBytes } from "./random-integers.ts";

export interface LaplaceOptions {
  /** How much one individual can change the value. */
  readonly sensitivity: number;
  /** The privacy budget to spend. */
  readonly epsilon: number;
}

/**
 * Adds Laplace noise of scale sensitivity / epsilon. The result is epsilon-differentially private for values that lie
 * at most `sensitivity` apart. Throws `RangeError` unless the value is finite and both options are positive and finite.
 *
 * The textbook formula on doubles is not private, because gaps in its outputs reveal the value (Mironov, "On
 * Significance of the Least Significant Bits for Differential Privacy", CCS 2012). Therefore, as in OpenDP, the noise
 * is a discrete Laplace draw on the lattice 2^-1074, which contains every double. The draw uses integers of any size,
 * and its scale is the exact quotient. Only the sum is rounded, to the nearest double. A sum beyond the largest double
 * becomes the largest double, and zero is never negative. Rounding and clamping depend on the sum only, so they cost no
 * privacy.
 */
export function addLaplaceNoise(value: number, options: LaplaceOptions, randomBytes: RandomBytes): number {
  if (!Number.isFinite(value)) throw new RangeError("The value must be finite");
  return fromLattice(toLattice(value) + drawDiscreteLaplace(latticeScale(options), randomBytes));
}

/** The exact quotient sensitivity / epsilon, in units of 2^-1074. */
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
