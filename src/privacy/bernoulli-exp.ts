import { type RandomBytes, uniformBelow } from "./random-integers.ts";

/** A fraction of non-negative integers; the denominator is not zero. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * Returns true with probability exactly e^-x: Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential
 * Privacy" (2020, arXiv 2004.00010), Algorithm 1.
 */
export function bernoulliExp({ numerator, denominator }: Fraction, randomBytes: RandomBytes): boolean {
  let rest = numerator;
  for (; rest > denominator; rest -= denominator) {
    if (!bernoulliExpOfUnit({ numerator: 1n, denominator: 1n }, randomBytes)) return false;
  }
  return bernoulliExpOfUnit({ numerator: rest, denominator }, randomBytes);
}

/** For x in [0, 1]: the first k at which Bernoulli(x/k) fails is odd with probability 1 - x + x²/2! - … = e^-x. */
function bernoulliExpOfUnit({ numerator, denominator }: Fraction, randomBytes: RandomBytes): boolean {
  let k = 1n;
  while (uniformBelow(denominator * k, randomBytes) < numerator) k++;
  return k % 2n === 1n;
}
