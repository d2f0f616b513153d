import { type SQL, sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import { AppError } from "../errors.ts";
import { MigrationError } from "./migrate.ts";
import { listPendingPostgresMigrations, postgresTables } from "./migrate-postgres.ts";
import type { Postgres } from "./postgres-connection.ts";

type Facts = {
  readonly encoding: string;
  readonly role: string;
  /** The schema for new tables; null if no schema of the search path exists. */
  readonly schema: string | null;
  readonly path: string;
  readonly mayCreate: boolean | null;
  /** Whether it may read which migrations were applied. */
  readonly knowsVersion: boolean;
  readonly isReadOnly: boolean;
  /** Whether the service has tables in the schema public that the search path does not include. */
  readonly isHidden: boolean;
};

/**
 * Throws unless the service can work with the database; the error is a {@link MigrationError} if waiting does not help.
 * Resolves with sentences for the operator about problems that do not stop the service. Changes nothing.
 */
export async function inspectPostgres(postgres: Postgres): Promise<string[]> {
  const { encoding, role, schema, path, mayCreate, knowsVersion, isReadOnly, isHidden } = await postgres.run(readFacts);
  if (schema === null) {
    throw new MigrationError(
      `No schema of the search path (${path}) exists: let it name one, by \`alter role ${role} set search_path = public\``,
    );
  }
  if (isHidden) {
    throw new MigrationError(
      `The service's tables are in the schema public, which the search path (${path}) does not name: ` +
        `add it by \`alter role ${role} set search_path = public\``,
    );
  }
  if (isReadOnly) {
    throw new AppError("database", "The database is not available", {
      operatorDetail: "PostgreSQL may only be read here: it is a standby, or default_transaction_read_only is on",
    });
  }
  const pending = knowsVersion ? await listPendingPostgresMigrations(postgres) : [];
  if (pending.length > 0 && mayCreate !== true) {
    throw new MigrationError(
      `The database lacks ${pending.join(", ")}, and ${role} may not make tables in the schema ${schema}: ` +
        `\`grant create on schema ${schema} to ${role}\`, or run \`flame-result migrate\` as the owner of the database`,
    );
  }
  if (pending.length === 0) await requireRights(postgres, role);
  const lost = `The database's encoding is ${encoding}: names of files and tags outside of it are refused`;
  return encoding === "UTF8" ? [] : [`${lost}. Move to a database with encoding UTF8`];
}

/** Throws unless the database accepts a row now. The row is rolled back. */
export async function provePostgresWrite(postgres: Postgres): Promise<void> {
  // Sets the id, so that the probe uses up no number of the sequence. No real row has a negative id.
  const row = sql`(id, tag_name, project_id) values (${-Math.ceil(Math.random() * 2 ** 31)}, 'probe', ${crypto.randomUUID()})`;
  await postgres.run((db) =>
    db
      .transaction(async (tx) => {
        await tx.execute(sql`insert into tag ${row}`);
        throw new ProbeEnded();
      })
      .catch((error: unknown) => {
        if (!(error instanceof ProbeEnded)) throw error;
      }),
  );
}

/** Thrown to roll back the transaction. */
class ProbeEnded extends Error {}

async function readFacts(db: BunSQLDatabase): Promise<Facts> {
  const ourTables = sql`('flame_result_migration', 'taggedresult')`;
  const [facts] = await db.execute<Facts>(sql`
    select current_setting('server_encoding') as encoding, current_user::text as role, current_schema()::text as schema,
      current_setting('search_path') as path,
      has_schema_privilege(current_schema(), 'create') as "mayCreate",
      coalesce(has_table_privilege(to_regclass('flame_result_migration'), 'select'), true) as "knowsVersion",
      current_setting('transaction_read_only') = 'on' as "isReadOnly",
      to_regclass('flame_result_migration') is null and to_regclass('taggedresult') is null and exists (
        select from pg_catalog.pg_tables where schemaname = 'public' and tablename in ${ourTables}
      ) as "isHidden"`);
  if (facts === undefined) throw new Error("PostgreSQL gave no row where there always is one");
  return facts as Facts;
}

async function requireRights(postgres: Postgres, role: string): Promise<void> {
  const missing = await postgres.run((db) => db.execute<{ names: string; rights: string }>(missingRights()));
  if (missing.length === 0) return;
  const rights = [...missing].map(({ names, rights }) => `${rights} on ${names}`).join("; ");
  throw new MigrationError(`${role} lacks rights in the database: grant it ${rights}`);
}

/** The tables and their sequences on which rights are missing, those with the same ones in one row. */
function missingRights(): SQL {
  const tables = sql.param(`{${postgresTables.join(",")}}`);
  return sql`
    with ours as (select name, to_regclass(name) as id from unnest(${tables}::text[]) as name),
    missing as (
      select name, "right", place from ours,
        unnest(array['select', 'insert', 'update', 'delete']) with ordinality as possible("right", place)
      where id is not null and not has_table_privilege(id, "right")
      union all
      select 'sequence ' || counter.oid::regclass, 'usage', 5 from pg_class counter
        join pg_depend on classid = 'pg_class'::regclass and objid = counter.oid and deptype in ('a', 'i')
        join ours on refobjid = ours.id
      where case relkind when 'S' then not has_sequence_privilege(counter.oid, 'usage, update') end
      union all
      select name, 'select', 1 from unnest(array['flame_result_migration']) as name
      where not has_table_privilege(to_regclass(name), 'select')
    ),
    grouped as (select name, string_agg("right", ', ' order by place) as rights from missing group by name)
    select string_agg(name, ', ' order by name) as names, rights from grouped group by rights order by rights`;
}
