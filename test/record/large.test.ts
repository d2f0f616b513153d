import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { exportRecord } from "../../src/record/export-record.ts";
import { createPostgresRecord } from "../../src/record/postgres-record.ts";
import type { RecordStore } from "../../src/record/record-store.ts";
import { createSqliteRecord } from "../../src/record/sqlite-record.ts";
import { verifyRecord } from "../../src/record/verify-record.ts";
import { createTestDatabase, testPostgresUrl } from "../support/postgres-database.ts";

/** Where it is tampered with. */
const place = 17_234;

interface Subject {
  readonly store: RecordStore;
  execute(statement: string): Promise<void>;
  dispose(): Promise<void>;
}

async function openEmbedded(rows: number): Promise<Subject> {
  const dir = mkdtempSync(join(tmpdir(), "flame-record-large-"));
  const sqlite = openSqlite(join(dir, "catalog.sqlite"));
  await migrateSqlite(sqlite);
  const execute = (statement: string) => sqlite.run((db) => void db.run(sql.raw(statement)));
  await execute(`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows})
    insert into record_entry (time, event, actor, object_id, bytes, outcome)
    select 1700000000000 + i, 'intermediate.sent', 'analysis ' || i % 7, 'object ' || i, i, 'ok' from n`);
  return {
    store: createSqliteRecord(sqlite, Date.now),
    execute,
    async dispose() {
      await sqlite.close();
      rmSync(dir, { recursive: true });
    },
  };
}

async function openServer(rows: number): Promise<Subject> {
  const database = await createTestDatabase();
  const postgres = openPostgres(database.settings);
  await migratePostgres(postgres);
  await database.execute(`insert into record_entry (event, actor, object_id, bytes, outcome)
    select 'intermediate.sent', 'analysis ' || i % 7, 'object ' || i, i, 'ok' from generate_series(1, ${rows}) as i`);
  return {
    store: createPostgresRecord(postgres),
    execute: async (statement) => void (await database.execute(statement)),
    async dispose() {
      await postgres.close();
      await database.drop();
    },
  };
}

/** Each with the number that must be named. */
const tamperings: readonly (readonly [string, readonly string[], number])[] = [
  ["an edited row", [`update record_entry set bytes = bytes + 1 where sequence = ${place}`], place],
  ["a removed row", [`delete from record_entry where sequence = ${place}`], place],
  [
    "an inserted row",
    [
      `update record_entry set sequence = -sequence where sequence > ${place}`,
      "update record_entry set sequence = 1 - sequence where sequence < 0",
      `insert into record_entry (sequence, hash, time, event, actor, object_id, bytes, outcome)
        select sequence + 1, hash, time, event, actor, object_id, bytes, outcome from record_entry where sequence = ${place}`,
    ],
    place + 1,
  ],
  [
    "swapped rows",
    [
      `update record_entry set sequence = -1 where sequence = ${place}`,
      `update record_entry set sequence = ${place} where sequence = ${place + 5}`,
      `update record_entry set sequence = ${place + 5} where sequence = -1`,
    ],
    place,
  ],
  ["a tail that was cut off", [`delete from record_entry where sequence > ${place}`], place + 1],
];

const backends = [
  ["SQLite", openEmbedded, Number(Bun.env.RECORD_ROWS ?? "100000"), true],
  // As many take half a minute there on a small machine.
  ["PostgreSQL", openServer, Number(Bun.env.RECORD_ROWS ?? "25000"), testPostgresUrl !== undefined],
] as const;

for (const [name, open, rows, isAvailable] of backends) {
  describe.skipIf(!isAvailable)(`${rows} rows in ${name}`, () => {
    test("are sealed, and whatever was done to one of them is found by its number", async () => {
      const { store, execute, dispose } = await open(rows);
      const sealed = await store.seal();
      expect(sealed).toMatchObject({ rows, head: { sequence: rows } });
      const head = sealed?.head.hash;
      expect(await verifyRecord(store, { head })).toMatchObject({ rows, broken: undefined });
      await execute(`create table kept as select * from record_entry where sequence >= ${place}`);
      for (const [what, statements, broken] of tamperings) {
        for (const statement of statements) await execute(statement);
        const found = await verifyRecord(store, { head });
        expect([what, found.broken?.sequence, found.rows]).toEqual([what, broken, broken - 1]);
        await execute(`delete from record_entry where sequence >= ${place} or sequence < 0`);
        await execute("insert into record_entry select * from kept");
      }
      expect((await verifyRecord(store, { head })).broken).toBeUndefined();
      await dispose();
    }, 240_000);

    test(
      "are exported, and no more than some of them are in memory",
      async () => {
        const { store, dispose } = await open(rows);
        await store.seal();
        const held: number[] = [];
        let [bytes, lines, batches] = [0, 0, 0];
        for await (const text of exportRecord(store, {}, "jsonl")) {
          bytes += text.length;
          lines += text.split("\n").length - 1;
          batches += 1;
          if (batches % 25 > 0) continue;
          Bun.gc(true);
          held.push(process.memoryUsage().heapUsed);
        }
        expect(lines).toBe(rows);
        expect(bytes).toBeGreaterThan(300 * rows);
        expect(Math.max(...held) - Math.min(...held)).toBeLessThan(8_000_000);
        await dispose();
      },
      120_000 + rows,
    );
  });
}
