import { sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import catalog from "../../drizzle/postgres/0000_catalog.sql" with { type: "text" };
import submissions from "../../drizzle/postgres/0001_submissions.sql" with { type: "text" };
import removedProjects from "../../drizzle/postgres/0002_removed_projects.sql" with { type: "text" };
import operators from "../../drizzle/postgres/0003_operators.sql" with { type: "text" };
import peers from "../../drizzle/postgres/0004_peers.sql" with { type: "text" };
import operatorSubject from "../../drizzle/postgres/0005_operator_subject.sql" with { type: "text" };
import retention from "../../drizzle/postgres/0006_retention.sql" with { type: "text" };
import manyRows from "../../drizzle/postgres/0007_many_rows.sql" with { type: "text" };
import releases from "../../drizzle/postgres/0008_releases.sql" with { type: "text" };
import privacyBudget from "../../drizzle/postgres/0009_privacy_budget.sql" with { type: "text" };
import repeating from "../../drizzle/postgres/0010_repeating.sql" with { type: "text" };
import objectsOfResults from "../../drizzle/postgres/0011_objects_of_results.sql" with { type: "text" };
import recordLists from "../../drizzle/postgres/0012_record_lists.sql" with { type: "text" };
import { findPending, type Migration, MigrationError, splitStatements } from "./migrate.ts";
import type { Postgres } from "./postgres-connection.ts";
import { findPostgresError } from "./postgres-failure.ts";
import { type DeferrableIndex, parseDeferrable } from "./postgres-indexes.ts";

/** Every file of `drizzle/postgres`, in order. */
export const postgresMigrations: readonly Migration[] = [
  { name: "0000_catalog", sql: catalog },
  { name: "0001_submissions", sql: submissions },
  { name: "0002_removed_projects", sql: removedProjects },
  { name: "0003_operators", sql: operators },
  { name: "0004_peers", sql: peers },
  { name: "0005_operator_subject", sql: operatorSubject },
  { name: "0006_retention", sql: retention },
  { name: "0007_many_rows", sql: manyRows },
  { name: "0008_releases", sql: releases },
  { name: "0009_privacy_budget", sql: privacyBudget },
  { name: "0010_repeating", sql: repeating },
  { name: "0011_objects_of_results", sql: objectsOfResults },
  { name: "0012_record_lists", sql: recordLists },
];

/** The names of all tables that the migrations make. */
export const postgresTables: readonly string[] = postgresMigrations.flatMap(({ sql }) =>
  Array.from(sql.matchAll(/^CREATE TABLE (?:IF NOT EXISTS )?"(\w+)"/gm), ([, name = ""]) => name),
);

// An arbitrary number, but the same in every version of this service.
const advisoryLock = 7_046_029;
const migrationTimeoutMs = 300_000;
const tableLockTimeoutMs = 30_000;
/** Building an index on a smaller table takes less than a second. */
const largeBytes = 64 * 1024 * 1024;

/**
 * Applies the pending migrations in one transaction, one process at a time, and resolves with their names. It leaves
 * out indexes on tables that are already large: `buildIndexes` builds them later without blocking anybody. Throws a
 * {@link MigrationError} if the database cannot be used (nothing is changed then), and `AppError("database")` if it
 * cannot be reached.
 */
export async function migratePostgres(
  postgres: Postgres,
  migrations = postgresMigrations,
  deferAt = largeBytes,
): Promise<string[]> {
  // Returns early, so that a user without the right to create tables can start the service when nothing is pending.
  if ((await listPendingPostgresMigrations(postgres, migrations)).length === 0) return [];
  return postgres.run((db) => migrate(db, migrations, deferAt).catch(explain), { timeoutMs: migrationTimeoutMs });
}

/** The names of the migrations that {@link migratePostgres} would apply; changes nothing. */
export function listPendingPostgresMigrations(postgres: Postgres, migrations = postgresMigrations): Promise<string[]> {
  return postgres.run(async (db) => {
    const [{ exists } = { exists: false }] = await db.execute<{ exists: boolean }>(
      sql`select to_regclass('flame_result_migration') is not null as exists`,
    );
    const applied = exists ? await listApplied(db) : [];
    return findPending(migrations, applied).map(({ name }) => name);
  });
}

async function migrate(db: BunSQLDatabase, migrations: readonly Migration[], deferAt: number): Promise<string[]> {
  return await db.transaction(async (tx) => {
    await tx.execute(sql.raw(`set local statement_timeout = ${migrationTimeoutMs}`));
    await tx.execute(sql`select pg_advisory_xact_lock(${advisoryLock})`);
    await tx.execute(sql.raw(`set local lock_timeout = ${tableLockTimeoutMs}`));
    await tx.execute(sql`
      create table if not exists flame_result_migration (
        name varchar(255) primary key,
        applied_at timestamptz not null default now()
      )`);
    const pending = findPending(migrations, await listApplied(tx));
    for (const migration of pending) {
      for (const statement of splitStatements(migration)) {
        const index = parseDeferrable(statement);
        if (index === undefined) await tx.execute(sql.raw(statement));
        else if (!(await isLarge(tx, index, deferAt))) await tx.execute(sql.raw(index.plainStatement));
      }
      await tx.execute(sql`insert into flame_result_migration (name) values (${migration.name})`);
    }
    return pending.map(({ name }) => name);
  });
}

async function isLarge(db: Pick<BunSQLDatabase, "execute">, { table }: DeferrableIndex, bytes: number) {
  const [size] = await db.execute<{ bytes: string }>(sql`select pg_relation_size(to_regclass(${table})) as bytes`);
  return Number(size?.bytes) >= bytes;
}

async function listApplied(db: Pick<BunSQLDatabase, "execute">): Promise<string[]> {
  const rows = await db.execute<{ name: string }>(sql`select name from flame_result_migration order by name`);
  return rows.map(({ name }) => name);
}

/**
 * Turns an error into a sentence for the operator if its SQLSTATE says that repeating does not help (PostgreSQL manual,
 * appendix A). Throws other errors again.
 */
function explain(error: unknown): never {
  const failure = findPostgresError(error);
  const state = failure?.errno ?? "";
  if (failure === undefined || !/^(23|3F|42|P0|0A)|^55P03$/.test(state)) {
    throw error;
  }
  const hint = state === "55P03" ? "another program is using the tables; stop the service that ran here before" : "";
  const parts = [failure.message, failure.detail, failure.hint, hint].filter((part) => part);
  throw new MigrationError(`The database cannot be migrated: ${parts.join("; ")} (${state})`, { cause: error });
}
