import { sql } from "drizzle-orm";
import type { Sqlite } from "../../database/sqlite-connection.ts";
import {
  type CopiedObject,
  inOrder,
  isCopied,
  type Journal,
  type Row,
  type RowDatabase,
  type Table,
} from "./row-database.ts";

const pageSize = 1_000;

export function createSqliteRows(sqlite: Sqlite, place: string): RowDatabase {
  const execute = (statement: string) => sqlite.run((db) => void db.run(sql.raw(statement)));
  return {
    place,
    listTables: () => listTables(sqlite),
    count: (table) =>
      sqlite.run((db) => {
        const [row] = db.all<{ rows: number }>(sql`select count(*) as rows from ${sql.identifier(table)}`);
        return row?.rows ?? 0;
      }),
    async *read(table, columns) {
      const list = sql.join(
        columns.map((name) => sql.identifier(name)),
        sql`, `,
      );
      for (let last = Number.MIN_SAFE_INTEGER; ; ) {
        const page = await sqlite.run((db) =>
          db.values<(string | number | null)[]>(sql`
            select rowid, ${list} from ${sql.identifier(table.name)} where rowid > ${last} order by rowid limit ${pageSize}`),
        );
        if (page.length > 0) yield page.map(([, ...cells]) => cells);
        if (page.length < pageSize) return;
        last = Number(page.at(-1)?.[0]);
      }
    },
    async replaceAll(tables, rowsOf) {
      // Only this process uses the connection, so nothing else can get into the transaction.
      await execute("begin immediate");
      try {
        const ordered = inOrder(tables);
        for (const { name } of ordered.toReversed()) {
          await sqlite.run((db) => void db.run(sql`delete from ${sql.identifier(name)}`));
        }
        for (const table of ordered) {
          for await (const rows of rowsOf(table)) await insert(sqlite, table, rows);
        }
        await execute("commit");
      } catch (error) {
        await execute("rollback").catch(() => {});
        throw error;
      }
    },
    journal: createJournal(sqlite),
    close: sqlite.close,
  };
}

function listTables(sqlite: Sqlite): Promise<Table[]> {
  return sqlite.run((db) => {
    const tables = db.all<{ name: string }>(sql`select name from sqlite_schema where type = 'table' order by name`);
    return tables
      .filter(({ name }) => isCopied(name))
      .map(({ name }) => {
        const columns = db.all<{ name: string }>(sql`select name from pragma_table_info(${name})`);
        const needs = db.all<{ table: string }>(sql`select "table" from pragma_foreign_key_list(${name})`);
        return {
          name,
          columns: columns.map((column) => ({ name: column.name, kind: "unknown" as const })),
          needs: needs.map((need) => need.table),
        };
      });
  });
}

function insert(sqlite: Sqlite, { name, columns }: Table, rows: readonly Row[]): Promise<void> {
  const list = sql.join(
    columns.map((column) => sql.identifier(column.name)),
    sql`, `,
  );
  const cells = sql.join(
    columns.map((_, at) => sql.raw(`json_extract(value, '$[${at}]')`)),
    sql`, `,
  );
  return sqlite.run(
    (db) =>
      void db.run(
        sql`insert into ${sql.identifier(name)} (${list}) select ${cells} from json_each(${JSON.stringify(rows)})`,
      ),
  );
}

function createJournal(sqlite: Sqlite): Journal {
  const all = sql`select key, size_bytes as sizeBytes, sha256, version from flame_result_copy`;
  return {
    exists: () =>
      sqlite.run((db) => db.all(sql`select 1 from sqlite_schema where name = 'flame_result_copy'`).length > 0),
    open: () =>
      sqlite.run((db) => {
        db.run(sql`
          create table if not exists flame_result_copy (
            key text primary key not null, size_bytes integer not null, sha256 text not null, version text not null
          )`);
      }),
    find: (key) => sqlite.run((db) => db.all<CopiedObject>(sql`${all} where key = ${key}`)[0]),
    write: ({ key, sizeBytes, sha256, version }) =>
      sqlite.run((db) => {
        db.run(sql`insert or replace into flame_result_copy values (${key}, ${sizeBytes}, ${sha256}, ${version})`);
      }),
    page: (after, limit) =>
      sqlite.run((db) => db.all<CopiedObject>(sql`${all} where key > ${after} order by key limit ${limit}`)),
    forget: (key) => sqlite.run((db) => void db.run(sql`delete from flame_result_copy where key = ${key}`)),
    drop: () => sqlite.run((db) => void db.run(sql`drop table if exists flame_result_copy`)),
  };
}
