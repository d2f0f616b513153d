import { SQL } from "bun";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import type { PostgresSettings } from "../../src/database/postgres-settings.ts";
import { postgresDialect } from "./dialects.ts";
import { listFillings } from "./rows.ts";
import type { Sizes } from "./sizes.ts";

/**
 * Makes the tables in an empty database and fills them. Indexes are taken away and built again behind it, which is several times
 * as fast; needs a superuser, for keys that refer to other tables are not checked row by row.
 */
export async function fillPostgres(
  settings: PostgresSettings,
  sizes: Sizes,
  tell: (what: string) => void,
): Promise<void> {
  const postgres = openPostgres(settings);
  await migratePostgres(postgres).finally(postgres.close);
  const { host, port, user, password, database } = settings;
  const sql = new SQL({ adapter: "postgres", hostname: host, port, username: user, password, database, max: 1 });
  const run = (statement: string) => sql.unsafe(statement).simple();
  try {
    await run(
      "set session_replication_role = replica; set maintenance_work_mem = '512MB'; set synchronous_commit = off",
    );
    const indexes: { name: string; definition: string }[] = await sql`
      select indexname as name, indexdef as definition from pg_indexes where schemaname = current_schema()
      and indexname not in (select conname from pg_constraint)`;
    for (const { name } of indexes) await run(`drop index "${name}"`);
    for (const { table, statement } of listFillings(postgresDialect, sizes)) {
      await run(statement);
      tell(`${table} filled`);
    }
    for (const { name, definition } of indexes) {
      await run(definition);
      tell(`${name} built`);
    }
    for (const [table, column] of [
      ["tag", "id"],
      ["result", "id"],
      ["taggedresult", "id"],
      ["record_entry", "place"],
    ] as const) {
      await run(
        `select setval(pg_get_serial_sequence('${table}', '${column}'), (select max(${column}) from ${table}))`,
      );
    }
    await run("vacuum analyze");
    await run("checkpoint");
  } finally {
    await sql.close();
  }
}
