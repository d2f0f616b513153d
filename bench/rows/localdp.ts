import { randomBytes } from "node:crypto";
import { addLaplaceNoise } from "../../src/privacy/laplace.ts";
import type { Bench } from "../harness/bench.ts";
import { figureAtMost, repeated } from "../harness/measure.ts";

/** One draw of noise, for an ordinary and for an extreme scale. */
export async function localdp(bench: Bench): Promise<void> {
  const draws = bench.quick ? 500 : 5_000;
  const scales = [
    { sensitivity: 1, epsilon: 1 },
    { sensitivity: 100, epsilon: 0.1 },
    { sensitivity: 1e6, epsilon: 1e-6 },
  ];
  for (const [index, options] of scales.entries()) {
    const draw = async () => {
      const startedAt = performance.now();
      for (let i = 0; i < draws; i++) addLaplaceNoise(118, options, randomBytes);
      return ((performance.now() - startedAt) * 1000) / draws;
    };
    await draw();
    bench.add({
      group: "localdp",
      work: `a localdp draw, sensitivity ${options.sensitivity}, epsilon ${options.epsilon.toPrecision(2)}`,
      unit: "µs",
      service: await repeated(bench.rounds, draw),
      goal: index < 2 ? figureAtMost(200) : undefined,
    });
  }
}
