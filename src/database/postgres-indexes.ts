import { sql } from "drizzle-orm";
import { type Migration, splitStatements } from "./migrate.ts";
import type { Postgres } from "./postgres-connection.ts";

/** An index that a migration makes without holding back those who write. */
export interface DeferrableIndex {
  readonly name: string;
  readonly table: string;
  /** Outside of transactions only. */
  readonly statement: string;
  /** Within a transaction; nobody writes to the table meanwhile. */
  readonly plainStatement: string;
}

/** Others go on reading and writing, so there is no hurry. */
const buildLimitMs = 24 * 3_600_000;

/** For connections that build indexes. */
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

/** Those of the migrations that are not there, or that a process has begun and not finished. Changes nothing. */
export function listMissingIndexes(
  postgres: Postgres,
  migrations: readonly Migration[],
): Promise<(DeferrableIndex & { readonly isBroken: boolean })[]> {
  const indexes = migrations.flatMap(splitStatements).flatMap((statement) => parseDeferrable(statement) ?? []);
  return postgres.run(async (db) => {
    // One that another process is just building is invalid as well, and is not ours to touch.
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
 * Builds what is missing, one after the other; everybody goes on reading and writing. `built` hears of each. A process that is
 * killed meanwhile leaves an index that nobody uses, and that the next call builds anew. Needs {@link buildTimes}.
 */
export async function buildIndexes(
  postgres: Postgres,
  migrations: readonly Migration[],
  built: (name: string) => void = () => {},
): Promise<void> {
  for (const { name, statement, isBroken } of await listMissingIndexes(postgres, migrations)) {
    const once = { repeatable: false, timeoutMs: buildLimitMs };
    // Neither can be part of a transaction.
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
