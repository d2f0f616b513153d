import { existsSync } from "node:fs";
import { join } from "node:path";
import { SQL } from "bun";
import { openPostgresStores, openSqliteStores, type Stores } from "../../test/support/stores.ts";
import { fillPostgres } from "./fill-postgres.ts";
import { fillSqlite } from "./fill-sqlite.ts";
import type { Operation } from "./operations.ts";
import { readPostgresAccess } from "./postgres-plans.ts";
import { type Sizes, sizesFor } from "./sizes.ts";
import { readSqlitePlans } from "./sqlite-plans.ts";

/** A filled database. */
export interface Subject {
  readonly sizes: Sizes;
  readonly fillSeconds: number;
  open(): Stores;
  /** How an operation comes to its rows, in one line; and what it goes through from end to end, where that is much. */
  explain(operation: Operation, turn: number): Promise<Explanation>;
}

export interface Explanation {
  readonly uses: string;
  readonly scans: string;
}

type Tell = (what: string) => void;

/** So many rows are read at once anyway: a table that is no larger needs no index. */
const fewRows = 1_000;

/** Makes and fills a database of that name, unless it is there. */
export async function openPostgresSubject(
  serverUrl: string,
  name: string,
  results: number,
  tell: Tell,
): Promise<Subject> {
  const url = new URL(serverUrl);
  const sizes = sizesFor(results);
  const server = { host: url.hostname, port: Number(url.port || 5432), maxConnections: 5 };
  const user = { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  const settings = { ...server, ...user, database: name };
  const sql = new SQL(serverUrl, { max: 1 });
  const start = performance.now();
  const [known] = await sql`select from pg_database where datname = ${name}`;
  if (known === undefined) {
    await sql.unsafe(`create database ${name}`).simple();
    await fillPostgres(settings, sizes, tell);
  }
  await sql.close();
  return {
    sizes,
    fillSeconds: (performance.now() - start) / 1000,
    open: () => openPostgresStores(settings),
    async explain(operation, turn) {
      const { indexes, scans, rows } = await readPostgresAccess(settings, operation, turn);
      const large = scans.filter((scan) => scan.rows > fewRows);
      return {
        uses: `${indexes.join(", ")} (${rows} rows)`,
        scans: large.map((scan) => `${scan.table}: ${scan.rows} rows`).join(", "),
      };
    },
  };
}

/** The same for a file in a folder. */
export async function openSqliteSubject(folder: string, name: string, results: number, tell: Tell): Promise<Subject> {
  const path = join(folder, `${name}.sqlite`);
  const sizes = sizesFor(results);
  const start = performance.now();
  if (!existsSync(path)) await fillSqlite(path, sizes, tell);
  return {
    sizes,
    fillSeconds: (performance.now() - start) / 1000,
    open: () => openSqliteStores(path),
    async explain(operation, turn) {
      const lines = await readSqlitePlans(path, operation, turn);
      const used = lines.flatMap(
        (line) => /USING (?:COVERING )?(?:INDEX (\S+)|(INTEGER PRIMARY KEY))/.exec(line)?.slice(1) ?? [],
      );
      return {
        uses: [...new Set(used.filter((index) => index))].join(", "),
        scans: lines.filter((line) => /^SCAN (?!.* USING |CONSTANT ROW)/.test(line)).join(", "),
      };
    },
  };
}
