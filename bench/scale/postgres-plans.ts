import { SQL } from "bun";
import type { PostgresSettings } from "../../src/database/postgres-settings.ts";
import { eventually } from "../../test/support/eventually.ts";
import { openPostgresStores } from "../../test/support/stores.ts";
import type { Operation } from "./operations.ts";

/** How an operation came to its rows. */
export interface Access {
  /** Indexes that were used. */
  readonly indexes: readonly string[];
  /** Tables that were gone through from end to end, with the rows read so. */
  readonly scans: readonly { readonly table: string; readonly rows: number }[];
  /** Rows read in all, from tables and indexes. */
  readonly rows: number;
}

interface Counter {
  readonly name: string;
  readonly scans: number;
  readonly rows: number;
}

/** By the server's own counts, which a session hands in when it ends: of what was run, not of what a planner would do. */
export async function readPostgresAccess(
  settings: PostgresSettings,
  operation: Operation,
  turn: number,
): Promise<Access> {
  const { host, port, user, password, database } = settings;
  const sql = new SQL({ adapter: "postgres", hostname: host, port, username: user, password, database, max: 1 });
  const count = async () => {
    await eventually(async () => {
      const [row] = await sql`select count(*)::int as n from pg_stat_activity
        where datname = ${database} and application_name = 'flame-result'`;
      if (row.n > 0) throw new Error("sessions have not ended");
    }, 20_000);
    const tables: Counter[] = await sql`
      select relname as name, seq_scan::int8::float8 as scans, seq_tup_read::float8 as rows from pg_stat_user_tables`;
    const indexes: Counter[] = await sql`
      select indexrelname as name, idx_scan::float8 as scans, idx_tup_read::float8 as rows from pg_stat_user_indexes`;
    return { tables: byName(tables), indexes: byName(indexes) };
  };
  try {
    const before = await count();
    const stores = openPostgresStores(settings);
    await operation.run(stores, turn).finally(stores.close);
    const after = await count();
    const scans = difference(before.tables, after.tables);
    const indexes = difference(before.indexes, after.indexes);
    return {
      indexes: indexes.map(({ name }) => name),
      scans: scans.map(({ name, rows }) => ({ table: name, rows })),
      rows: [...scans, ...indexes].reduce((sum, { rows }) => sum + rows, 0),
    };
  } finally {
    await sql.close();
  }
}

function byName(counters: readonly Counter[]): Map<string, Counter> {
  return new Map(counters.map((counter) => [counter.name, counter]));
}

function difference(before: ReadonlyMap<string, Counter>, after: ReadonlyMap<string, Counter>): Counter[] {
  return [...after.values()].flatMap(({ name, scans, rows }) => {
    const known = before.get(name) ?? { scans: 0, rows: 0 };
    return scans > known.scans ? [{ name, scans: scans - known.scans, rows: rows - known.rows }] : [];
  });
}
