import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startPostgres } from "../test/support/postgres-server.ts";
import { timeOperation } from "./scale/measure.ts";
import { listOperations } from "./scale/operations.ts";
import { openPostgresSubject, openSqliteSubject, type Subject } from "./scale/subjects.ts";

/**
 * `bun bench/scale.ts [--results 10000000] [--turns 21] [--databases postgres,sqlite] [--postgres URL] [--folder DIR] [--out FILE]`:
 * what every route and background job takes from a database with so many results, against one with a thousandth of them, and which
 * indexes it uses. On a server (a superuser's URL) and in a folder that are named, filled databases are left and found again.
 */
const { values: flags } = parseArgs({
  options: {
    results: { type: "string", default: "10000000" },
    turns: { type: "string", default: "21" },
    databases: { type: "string", default: "postgres,sqlite" },
    postgres: { type: "string" },
    folder: { type: "string" },
    only: { type: "string", default: "" },
    out: { type: "string" },
  },
});
const [results, turns] = [Number(flags.results), Number(flags.turns)];
const goal = 1.5;
const rounds = 2;

interface Row {
  readonly name: string;
  readonly small: number;
  readonly big: number;
  readonly uses: string;
  readonly scans: string;
  readonly grows: string | undefined;
}

const lines: string[] = [];
function print(line: string): void {
  console.log(line);
  lines.push(line);
}

async function compare(database: string, small: Subject, big: Subject): Promise<void> {
  const rows: Row[] = [];
  const operations = listOperations(big.sizes).filter(({ name }) => name.includes(flags.only));
  const smallOperations = new Map(listOperations(small.sizes).map((operation) => [operation.name, operation]));
  for (const operation of operations) {
    const time = async (subject: Subject, which: typeof operation) => {
      const stores = subject.open();
      return timeOperation(which, stores, turns).finally(stores.close);
    };
    let [smallMs, bigMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    // In turns, so that whatever else the machine does hits both.
    for (let round = 0; round < rounds; round += 1) {
      smallMs = Math.min(smallMs, await time(small, smallOperations.get(operation.name) ?? operation));
      bigMs = Math.min(bigMs, await time(big, operation));
    }
    const { uses, scans } = await big.explain(operation, turns + 1);
    rows.push({ name: operation.name, small: smallMs, big: bigMs, uses, scans, grows: operation.grows });
    console.error(`${database}  ${operation.name}: ${smallMs.toFixed(2)} → ${bigMs.toFixed(2)} ms  ${scans}`);
  }
  const { results, tags, projects, delivered, queued, onRecord } = big.sizes;
  const counts = { results, tags, projects, "finals delivered": delivered, queued, "rows on record": onRecord };
  const told = Object.entries(counts).map(([what, count]) => `${count.toLocaleString("en")} ${what}`);
  const filled = big.fillSeconds < 2 ? "" : ` Filled in ${big.fillSeconds.toFixed(0)} s.`;
  print(`\n## ${database}\n`);
  print(`${told.join(", ")}.${filled}\n`);
  print("| what is asked | a thousandth, ms | all, ms | ratio | indexes | gone through |");
  print("|---|---:|---:|---:|---|---|");
  for (const { name, small, big, uses, scans, grows } of rows) {
    const ratio = big / small;
    const verdict = ratio <= goal || big - small < 0.5 ? "" : grows === undefined ? " **missed**" : ` grows ${grows}`;
    print(`| ${name} | ${small.toFixed(2)} | ${big.toFixed(2)} | ${ratio.toFixed(2)}${verdict} | ${uses} | ${scans} |`);
  }
}

const folder = flags.folder ?? mkdtempSync(join(tmpdir(), "flame-scale-"));
const tell = (what: string) => console.error(`${new Date().toISOString()} ${what}`);
const thousandth = Math.max(100, Math.round(results / 1_000));
try {
  print(`# What ten million results cost\n`);
  for (const line of [
    `By \`bun bench/scale.ts\` on ${availableParallelism()} cores. A database is compared with one that has a thousandth of its rows, and as many`,
    `of each project. The fastest of ${turns} turns, each about other rows, which are in memory by then; up to half a millisecond more counts as`,
    "nothing. Indexes are those that PostgreSQL has counted a use of, with the rows read by them, and those in SQLite's plans; tables",
    "that are gone through are told from 1,000 rows on, in SQLite always.",
  ]) {
    print(line);
  }
  if (flags.databases.includes("postgres")) {
    const server = flags.postgres === undefined ? await startPostgres({ durable: true }) : undefined;
    const url = flags.postgres ?? server?.url ?? "";
    try {
      const small = await openPostgresSubject(url, `scale_${thousandth}`, thousandth, tell);
      await compare("PostgreSQL", small, await openPostgresSubject(url, `scale_${results}`, results, tell));
    } finally {
      await server?.stop();
    }
  }
  if (flags.databases.includes("sqlite")) {
    const small = await openSqliteSubject(folder, `scale_${thousandth}`, thousandth, tell);
    await compare("SQLite", small, await openSqliteSubject(folder, `scale_${results}`, results, tell));
  }
  if (flags.out !== undefined) await Bun.write(flags.out, `${lines.join("\n")}\n`);
} finally {
  if (flags.folder === undefined) rmSync(folder, { recursive: true, force: true });
}
