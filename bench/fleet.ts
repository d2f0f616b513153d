import { parseArgs } from "node:util";
import { createFleet } from "./fleet/fleet.ts";

/**
 * `bun run bench/fleet.ts [--nodes 1000] [--outage 600]`: how many requests a second a Hub sees from so many nodes, each with one final
 * that waits, in and after an outage of so many seconds. Time is simulated; the pauses are those of the service.
 */
const { values: flags } = parseArgs({
  options: { nodes: { type: "string", default: "1000" }, outage: { type: "string", default: "600" } },
});
const [nodes, outageSeconds] = [Number(flags.nodes), Number(flags.outage)];

const cases = [
  { name: "refused, as the service pauses", retryAfterMs: undefined, isSpread: true },
  { name: "refused, without its spread", retryAfterMs: undefined, isSpread: false },
  { name: "503 with Retry-After: 120, as the service pauses", retryAfterMs: 120_000, isSpread: true },
  { name: "503 with Retry-After: 120, without its spread", retryAfterMs: 120_000, isSpread: false },
];
console.log(`${nodes} nodes, ${outageSeconds} s of outage\n`);
console.log(
  "| the Hub's answer | requests in the outage | most in one second, after the first | most in one second when it is back | all delivered after |",
);
console.log("|---|---|---|---|---|");
for (const { name, retryAfterMs, isSpread } of cases) {
  const { requests, worstSecond, worstSecondAfter, allDeliveredSeconds } = createFleet({
    nodes,
    outageSeconds,
    retryAfterMs,
    random: isSpread ? Math.random : () => 0,
  });
  console.log(`| ${name} | ${requests} | ${worstSecond} | ${worstSecondAfter} | ${allDeliveredSeconds.toFixed(0)} s |`);
}
