import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { setUp } from "./harness/set-up.ts";
import { haproxyInstalled } from "./replicas/haproxy.ts";

/**
 * `bun bench/replicas.ts [--counts 1,2,4] [--seconds 8] [--kills 12] [--rounds 4] [--executable FILE]`: replicas behind HAProxy (Debian:
 * haproxy) on one PostgreSQL and one Ceph. How many requests a second, and what they cost; then whether killing replicas and
 * restarting them one after another loses anything.
 */
const { values: flags } = parseArgs({
  options: {
    counts: { type: "string", default: "1,2,4" },
    seconds: { type: "string", default: "8" },
    kills: { type: "string", default: "12" },
    rounds: { type: "string", default: "4" },
    executable: { type: "string" },
  },
});
if (!haproxyInstalled()) throw new Error("HAProxy is not installed (Debian: apt-get install haproxy)");
await using stack = new AsyncDisposableStack();
const { executable, scratch } = await setUp(stack, flags.executable);
// Only now, as the variables that name the servers are read when these are imported.
const { measureRates } = await import("./replicas/rates.ts");
const { endure } = await import("./replicas/endure.ts");

const counts = flags.counts.split(",").map(Number);
const rates = await measureRates(executable, scratch, counts, Number(flags.seconds));
console.log(
  `\nOn ${availableParallelism()} cores, which clients, proxy, PostgreSQL and Ceph share with the replicas:\n`,
);
console.log("| work | replicas | requests a second | CPU ms per 1,000 requests, of all replicas |");
console.log("|---|---:|---:|---:|");
for (const { work, replicas, perSecond, cpu } of rates.toSorted((a, b) => a.work.localeCompare(b.work))) {
  console.log(`| ${work} | ${replicas} | ${perSecond.toFixed(0)} | ${cpu.toFixed(0)} |`);
}
const endured = await endure(2, Number(flags.kills), Number(flags.rounds));
const { requests, acknowledged, kills, restarts, broken, problems } = endured;
console.log(
  `\n2 replicas, 8 clients on all routes: ${requests} requests, ${acknowledged} writes acknowledged, ${kills} × kill -9, ` +
    `${restarts} × SIGTERM; ${broken} requests were broken off with the replicas that were killed, and ${problems.length} things are not as promised.`,
);
for (const problem of problems) console.log(`  ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
