import type { LongWork } from "../time/long-work.ts";
import { addLaplaceNoise, type LaplaceOptions } from "./laplace.ts";
import { formatPythonFloat } from "./parse-number.ts";
import type { RandomBytes } from "./random-integers.ts";

/**
 * Adds independent noise to each number and returns a JSON list, with numbers as Python's `repr` writes them. If
 * `sensitivity` is the L1 sensitivity of the whole list, this costs epsilon once (Dwork, McSherry, Nissim and Smith,
 * "Calibrating Noise to Sensitivity in Private Data Analysis", TCC 2006). The function overwrites the true numbers with
 * zeros.
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
