import { bernoulliExp, type Fraction } from "./bernoulli-exp.ts";
import { type RandomBytes, uniformBelow } from "./random-integers.ts";

const ONE: Fraction = { numerator: 1n, denominator: 1n };

/**
 * Draws an integer y with probability exactly proportional to e^(-|y| / scale): Canonne, Kamath and Steinke (2020,
 * arXiv 2004.00010), Algorithm 2. The scale must be positive. The time grows with the scale's number of digits, not its
 * value.
 */
export function drawDiscreteLaplace(scale: Fraction, randomBytes: RandomBytes): bigint {
  const { numerator: t, denominator: s } = scale;
  for (;;) {
    const low = uniformBelow(t, randomBytes);
    if (!bernoulliExp({ numerator: low, denominator: t }, randomBytes)) continue;
    let high = 0n;
    while (bernoulliExp(ONE, randomBytes)) high++;
    // low + t · high is geometric with ratio e^(-1/t); dividing by s makes the ratio e^(-s/t).
    const magnitude = (low + t * high) / s;
    const negative = uniformBelow(2n, randomBytes) === 1n;
    // Rejects a negative zero. With both signs, zero would be twice as likely as it should be.
    if (negative && magnitude === 0n) continue;
    return negative ? -magnitude : magnitude;
  }
}
