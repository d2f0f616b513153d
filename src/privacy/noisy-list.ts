import type { LongWork } from "../time/long-work.ts";
import { addLaplaceNoise, type LaplaceOptions } from "./laplace.ts";
import { formatPythonFloat } from "./parse-number.ts";
import type { RandomBytes } from "./random-integers.ts";

/**
 * The numbers with noise, each drawn by itself, as a JSON list in Python's `repr`. With `sensitivity` as the L1 sensitivity of
 * the whole list this costs epsilon once (Dwork, McSherry, Nissim and Smith, "Calibrating Noise to Sensitivity in Private Data
 * Analysis", TCC 2006). The true numbers are overwritten on the way.
 */
export async function addNoiseToList(
  numbers: Float64Array,
  options: LaplaceOptions,
  randomBytes: RandomBytes,
  longWork: LongWork,
): Promise<string> {
  const texts: string[] = [];
  await longWork.forEach(numbers.length, (index) => {
    texts.push(formatPythonFloat(addLaplaceNoise(numbers[index] ?? 0, options, randomBytes)));
    numbers[index] = 0;
  });
  return `[${texts.join(", ")}]`;
}
