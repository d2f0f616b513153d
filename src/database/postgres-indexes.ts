import { sql } from "drizzle-orm";
import { type Migration, splitStatements } from "./migrate.ts";
import type { Postgres } from "./postgres-connection.ts";

/** An index of a migration that can be built later without blocking writers. */
export interface DeferrableIndex {
  readonly name: string;
  readonly table: string;
  /** Works outside of transactions only. Does not block writers. */
  readonly statement: string;
  /** Works within a transaction. Blocks writers to the table meanwhile. */
  readonly plainStatement: string;
}

/** Building an index blocks nobody, so it may take long. */
const buildLimitMs = 24 * 3_600_000;

/** The timeouts of connections that build indexes. */
export const buildTimes = {
  connectTimeoutMs: 5_000,
  statementTimeoutMs: buildLimitMs,
  idleTimeoutMs: 60_000,
  lifeTimeMs: 2 * buildLimitMs,
  retryDelayMs: 100,
};

export function parseDeferrable(statement: string): DeferrableIndex | undefined {
  const [, name, table] =
    /^(?:--.*\n)*CREATE INDEX CONCURRENTLY IF NOT EXISTS "(\w+)" ON "(\w+)"/.exec(statement) ?? [];
  if (name === undefined || table === undefined) return undefined;
  return { name, table, statement, plainStatement: statement.replace("INDEX CONCURRENTLY", "INDEX") };
}

/** Lists the indexes of the migrations that are missing or, with `isBroken`, unfinished. Changes nothing. */
export function listMissingIndexes(
  postgres: Postgres,
  migrations: readonly Migration[],
): Promise<(DeferrableIndex & { readonly isBroken: boolean })[]> {
  const indexes = migrations.flatMap(splitStatements).flatMap((statement) => parseDeferrable(statement) ?? []);
  return postgres.run(async (db) => {
    // An index that another process is building now is invalid too. It counts as valid here, so that we leave it alone.
    const known = await db.execute<{ name: string; isvalid: boolean }>(sql`
      select relname as name, indisvalid as isvalid from pg_index join pg_class on pg_class.oid = indexrelid
      where relnamespace = current_schema()::regnamespace
      union all
      select relname, true from pg_stat_progress_create_index join pg_class on pg_class.oid = index_relid`);
    const valid = new Set([...known].filter(({ isvalid }) => isvalid).map(({ name }) => name));
    const all = new Set([...known].map(({ name }) => name));
    return indexes.filter(({ name }) => !valid.has(name)).map((index) => ({ ...index, isBroken: all.has(index.name) }));
  });
}

/**
 * Builds the missing indexes one after the other, without blocking readers or writers, and calls `built` for each. A
 * process that is killed meanwhile leaves an unusable index, which the next call builds again. Needs {@link
 * buildTimes}.
 */
export async function buildIndexes(
  postgres: Postgres,
  migrations: readonly Migration[],
  built: (name: string) => void = () => {},
): Promise<void> {
  for (const { name, statement, isBroken } of await listMissingIndexes(postgres, migrations)) {
    const once = { repeatable: false, timeoutMs: buildLimitMs };
    // Neither statement can run within a transaction.
    if (isBroken) {
      await postgres.run(async (db) => {
        await db.execute(sql.raw(`drop index concurrently if exists "${name}"`));
      }, once);
    }
    await postgres.run(async (db) => {
      await db.execute(sql.raw(statement));
    }, once);
    built(name);
  }
}
