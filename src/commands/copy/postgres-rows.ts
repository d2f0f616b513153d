import { sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import type { Postgres } from "../../database/postgres-connection.ts";
import {
  type Column,
  type CopiedObject,
  inOrder,
  isCopied,
  type Journal,
  type Row,
  type RowDatabase,
  type Table,
} from "./row-database.ts";

/** Long enough for tables of any size. */
const timeoutMs = 24 * 3_600_000;
/** A block usually has 8 KiB, so one page has a few thousand rows at most. */
const blocksAtOnce = 32;

export function createPostgresRows(postgres: Postgres, place: string): RowDatabase {
  return {
    place,
    listTables: () => postgres.run(listTables),
    count: (table) =>
      postgres.run(async (db) => {
        const [row] = await db.execute<{ rows: string }>(sql`select count(*) as rows from ${sql.identifier(table)}`);
        return Number(row?.rows ?? 0);
      }),
    read: (table, columns) => read(postgres, table, columns),
    replaceAll: (tables, rowsOf) =>
      postgres.run((db) => db.transaction((tx) => replaceAll(tx, inOrder(tables), rowsOf)), {
        repeatable: false,
        timeoutMs,
      }),
    journal: createJournal(postgres),
    close: postgres.close,
  };
}

async function listTables(db: BunSQLDatabase): Promise<Table[]> {
  const columns = await db.execute<{ table_name: string; column_name: string; data_type: string }>(sql`
    select c.table_name, c.column_name, c.data_type from information_schema.columns c
    join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
    where c.table_schema = current_schema() and t.table_type = 'BASE TABLE'
    order by c.table_name, c.ordinal_position`);
  const needs = await db.execute<{ child: string; parent: string }>(sql`
    select child.relname as child, parent.relname as parent from pg_constraint
    join pg_class child on child.oid = conrelid join pg_class parent on parent.oid = confrelid where contype = 'f'`);
  const tables = Map.groupBy(columns, (column) => column.table_name);
  return [...tables]
    .filter(([name]) => isCopied(name))
    .map(([name, own]) => ({
      name,
      columns: own.map((column) => ({ name: column.column_name, kind: kindOf(column.data_type) })),
      needs: needs.filter(({ child }) => child === name).map(({ parent }) => parent),
    }));
}

function kindOf(type: string): Column["kind"] {
  if (type.startsWith("timestamp")) return "time";
  if (type === "boolean") return "flag";
  return /^(?:big|small)?int/.test(type) ? "number" : "other";
}

/** Reads a value as text, which loses nothing. */
function expressionOf({ name, kind }: Column) {
  const column = sql.identifier(name);
  if (kind !== "time") return sql`${column}::text`;
  return sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

async function* read(postgres: Postgres, table: Table, columns: readonly string[]): AsyncGenerator<Row[]> {
  const chosen = columns.map(
    (name) => table.columns.find((column) => column.name === name) ?? { name, kind: "other" as const },
  );
  const cells = sql`json_build_array(${sql.join(chosen.map(expressionOf), sql`, `)})::text as cells`;
  const name = sql.identifier(table.name);
  // Reads rows by their physical place, unsorted, so that the cost of a page does not grow with the table.
  for (let block = 0; block < (await countBlocks(postgres, table)); block += blocksAtOnce) {
    const [from, to] = [block, block + blocksAtOnce].map((number) => `(${number},0)`);
    const page = await postgres.run((db) =>
      db.execute<{ cells: string }>(sql`
        select ${cells} from ${name} where ctid >= ${from}::tid and ctid < ${to}::tid order by ctid`),
    );
    if (page.length > 0) yield page.map((row) => JSON.parse(row.cells));
  }
}

function countBlocks(postgres: Postgres, { name }: Table): Promise<number> {
  return postgres.run(async (db) => {
    const [row] = await db.execute<{ blocks: string }>(sql`
      select pg_relation_size(quote_ident(${name})::regclass) / current_setting('block_size')::bigint as blocks`);
    return Number(row?.blocks ?? 0);
  });
}

async function replaceAll(
  tx: Pick<BunSQLDatabase, "execute">,
  tables: readonly Table[],
  rowsOf: (table: Table) => AsyncIterable<Row[]>,
): Promise<void> {
  for (const table of tables.toReversed()) await tx.execute(sql`delete from ${sql.identifier(table.name)}`);
  for (const table of tables) {
    const columns = sql.join(
      table.columns.map(({ name }) => sql.identifier(name)),
      sql`, `,
    );
    for await (const rows of rowsOf(table)) {
      const objects = rows.map((row) => Object.fromEntries(table.columns.map(({ name }, at) => [name, row[at]])));
      await tx.execute(sql`
        insert into ${sql.identifier(table.name)} (${columns})
        select ${columns} from json_populate_recordset(null::${sql.identifier(table.name)}, ${JSON.stringify(objects)}::text::json)`);
    }
    for (const { name } of table.columns.filter(({ kind }) => kind === "number")) {
      const [row] = await tx.execute<{ sequence: string | null }>(
        sql`select pg_get_serial_sequence(${table.name}, ${name}) as sequence`,
      );
      if (!row?.sequence) continue;
      await tx.execute(sql`
        select setval(${row.sequence}, greatest(1, coalesce(max(${sql.identifier(name)}), 0)), max(${sql.identifier(name)}) is not null)
        from ${sql.identifier(table.name)}`);
    }
  }
}

function createJournal(postgres: Postgres): Journal {
  const asCopied = ({ key, size_bytes, sha256, version }: Record<string, unknown>): CopiedObject => {
    return { key: String(key), sizeBytes: Number(size_bytes), sha256: String(sha256), version: String(version) };
  };
  const all = sql`select key, size_bytes, sha256, version from flame_result_copy`;
  return {
    exists: () =>
      postgres.run(async (db) => {
        const [row] = await db.execute<{ found: boolean }>(
          sql`select to_regclass('flame_result_copy') is not null as found`,
        );
        return row?.found ?? false;
      }),
    open: () =>
      postgres.run(async (db) => {
        await db.execute(sql`
          create table if not exists flame_result_copy (
            key text collate "C" primary key, size_bytes bigint not null, sha256 text not null, version text not null
          )`);
      }),
    find: (key) =>
      postgres.run(async (db) => {
        const [row] = await db.execute(sql`${all} where key = ${key}`);
        return row && asCopied(row);
      }),
    write: ({ key, sizeBytes, sha256, version }) =>
      postgres.run(async (db) => {
        await db.execute(sql`
          insert into flame_result_copy values (${key}, ${sizeBytes}, ${sha256}, ${version})
          on conflict (key) do update
          set size_bytes = excluded.size_bytes, sha256 = excluded.sha256, version = excluded.version`);
      }),
    page: (after, limit) =>
      postgres.run(async (db) =>
        (await db.execute(sql`${all} where key > ${after} order by key limit ${limit}`)).map(asCopied),
      ),
    forget: (key) =>
      postgres.run(async (db) => void (await db.execute(sql`delete from flame_result_copy where key = ${key}`))),
    drop: () => postgres.run(async (db) => void (await db.execute(sql`drop table if exists flame_result_copy`))),
  };
}
