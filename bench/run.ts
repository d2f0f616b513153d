import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Bench } from "./harness/bench.ts";
import { describeMachine } from "./harness/machine.ts";
import { drawPlot } from "./harness/plot.ts";
import { describeRow, formatRow, formatTable, type MeasuredRow, mergeResults, writeResults } from "./harness/report.ts";
import { createScratch } from "./harness/scratch.ts";
import { setUp } from "./harness/set-up.ts";

/**
 * `bun run bench [ROW…] [--quick] [--rounds N] [--write] [--executable FILE]`: the groups of rows that are named, or whose name contains
 * a word that names none; or all. Builds the executable and starts PostgreSQL and Ceph unless they are given (TEST_POSTGRES_URL, TEST_S3_*). Group
 * `earlier` needs an executable of an earlier version (--earlier FILE). With --write the table in README.md, results.json and the plots are made anew; with words, for those rows alone.
 */
const { values: flags, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    rounds: { type: "string" },
    executable: { type: "string" },
    earlier: { type: "string" },
  },
});
if (flags.quick && flags.write) throw new Error("--quick gives no figures worth keeping: leave --write out");

const startedAt = performance.now();
await using stack = new AsyncDisposableStack();
const { executable, scratch } = await setUp(stack, flags.executable);
// Only now, as the variables that name the services are read when this is imported.
const { groups } = await import("./rows.ts");

const machine = describeMachine();
const rows: MeasuredRow[] = [];
const bench: Bench = {
  quick: flags.quick,
  rounds: Number(flags.rounds ?? (flags.quick ? 2 : 5)),
  seconds: flags.quick ? 1 : 4,
  executable,
  earlier: flags.earlier,
  scratch,
  ...createScratch(scratch),
  add(row) {
    const measured = describeRow(row, machine);
    rows.push(measured);
    console.log(formatRow(measured));
  },
  async plot(name, plot) {
    const target = flags.write ? join(import.meta.dir, `${name}.svg`) : join(tmpdir(), `flame-result-${name}.svg`);
    await Bun.write(target, drawPlot(plot));
    console.log(`plot: ${target}`);
  },
};
const isGroup = (word: string) => groups.some(({ name }) => name === word);
const isMeant = (name: string) => words.some((word) => (isGroup(word) ? name === word : name.includes(word)));
const chosen = groups.filter(({ name }) => words.length === 0 || isMeant(name));
if (chosen.length === 0) throw new Error(`no such row; there are: ${groups.map(({ name }) => name).join(", ")}`);

for (const group of chosen) {
  console.log(`\n# ${group.name}, after ${((performance.now() - startedAt) / 60_000).toFixed(1)} min`);
  try {
    await group.run(bench);
  } catch (error) {
    console.error(error);
    const note = `failed: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`;
    bench.add({ group: group.name, work: group.name, unit: "", service: undefined, note });
    process.exitCode = 1;
  }
}

console.log(`\n${formatTable(rows)}`);
if (flags.write)
  await writeResults(
    await mergeResults(
      machine,
      rows,
      groups.map(({ name }) => name),
    ),
  );
