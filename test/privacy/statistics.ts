/** The level of the tests: a right sampler fails for one seed in a million, and the seeds are fixed. */
export const ALPHA = 1e-6;

export interface Cell {
  readonly observed: number;
  readonly expected: number;
}

/**
 * Pearson's test: how likely the true probabilities make counts at least this far from them. Neighbouring cells are joined
 * until each expects at least 20.
 */
export function chiSquaredProbability(cells: readonly Cell[]): number {
  const joined: Cell[] = [];
  let pending: Cell = { observed: 0, expected: 0 };
  for (const cell of cells) {
    pending = { observed: pending.observed + cell.observed, expected: pending.expected + cell.expected };
    if (pending.expected < 20) continue;
    joined.push(pending);
    pending = { observed: 0, expected: 0 };
  }
  const last = joined.pop() ?? { observed: 0, expected: 0 };
  joined.push({ observed: last.observed + pending.observed, expected: last.expected + pending.expected });
  if (joined.length < 2) throw new RangeError("There are too few draws to judge");
  const statistic = joined.reduce((sum, { observed, expected }) => sum + (observed - expected) ** 2 / expected, 0);
  return chiSquaredTail(statistic, joined.length - 1);
}

/** 1 - P(degrees / 2, x / 2), by the series of the incomplete gamma function (DLMF 8.7.1). */
export function chiSquaredTail(x: number, degrees: number): number {
  const half = x / 2;
  let logTerm = (degrees / 2) * Math.log(half) - half - logGamma(degrees / 2 + 1);
  let below = 0;
  for (let n = 1; n < 10_000; n++) {
    below += Math.exp(logTerm);
    logTerm += Math.log(half) - Math.log(degrees / 2 + n);
  }
  return 1 - below;
}

/** Of a positive multiple of 1/2. */
function logGamma(a: number): number {
  let sum = a % 1 === 0 ? 0 : Math.log(Math.PI) / 2;
  for (let factor = a - 1; factor > 0; factor--) sum += Math.log(factor);
  return sum;
}

/** The largest distance between the sample's distribution and the given one (Kolmogorov and Smirnov). */
export function kolmogorovSmirnov(sample: readonly number[], cdf: (x: number) => number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const distances = sorted.map((x, i) => Math.max(cdf(x) - i / sorted.length, (i + 1) / sorted.length - cdf(x)));
  return Math.max(...distances);
}

/** From the limit distribution's tail, 2 e^(-2 n d²). */
export const kolmogorovCritical = (sampleSize: number) => Math.sqrt(Math.log(2 / ALPHA) / (2 * sampleSize));

/** By how many standard errors a count of successes misses its expectation. */
export function binomialDeviation(successes: number, trials: number, probability: number): number {
  return (successes - trials * probability) / Math.sqrt(trials * probability * (1 - probability));
}
