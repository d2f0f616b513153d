import { describe } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createAppendInPostgres } from "../../src/record/postgres-append.ts";
import { createPostgresRecord } from "../../src/record/postgres-record.ts";
import { createAppendInSqlite } from "../../src/record/sqlite-append.ts";
import { createSqliteRecord } from "../../src/record/sqlite-record.ts";
import { createTestDatabase, testPostgresUrl } from "../support/postgres-database.ts";
import { describeRecord } from "./contract.ts";

describeRecord("the record in SQLite", async () => {
  const dir = mkdtempSync(join(tmpdir(), "flame-record-"));
  const [one, two] = [openSqlite(join(dir, "catalog.sqlite")), openSqlite(join(dir, "catalog.sqlite"))];
  await migrateSqlite(one);
  let passedMs = 0;
  const now = () => Date.now() + passedMs;
  const append = createAppendInSqlite(now, () => undefined);
  return {
    store: createSqliteRecord(one, now),
    other: createSqliteRecord(two, now),
    appendAndRollBack: (entry) =>
      one.run((db) =>
        db.transaction((tx) => {
          append(tx, entry);
          tx.rollback();
        }),
      ),
    appendInTransaction: (entry) => one.run((db) => db.transaction((tx) => append(tx, entry))),
    execute: (statement) => one.run((db) => void db.run(statement)),
    setTime: (sequence, time) =>
      one.run((db) => void db.run(`update record_entry set time = ${time.getTime()} where sequence = ${sequence}`)),
    pass: async (ms) => {
      passedMs += ms;
    },
    async dispose() {
      await Promise.all([one.close(), two.close()]);
      rmSync(dir, { recursive: true });
    },
  };
});

describe.skipIf(testPostgresUrl === undefined)("", () => {
  describeRecord("the record in PostgreSQL", async () => {
    const database = await createTestDatabase();
    const [one, two] = [openPostgres(database.settings), openPostgres(database.settings)];
    await migratePostgres(one);
    const append = createAppendInPostgres(() => undefined);
    return {
      store: createPostgresRecord(one),
      other: createPostgresRecord(two),
      appendAndRollBack: (entry) =>
        one.run((db) =>
          db.transaction(async (tx) => {
            await append(tx, entry);
            tx.rollback();
          }),
        ),
      appendInTransaction: (entry) => one.run((db) => db.transaction((tx) => append(tx, entry))),
      execute: async (statement) => void (await database.execute(statement)),
      setTime: async (sequence, time) => {
        await database.execute(`update record_entry set time = '${time.toISOString()}' where sequence = ${sequence}`);
      },
      pass: Bun.sleep,
      async dispose() {
        await Promise.all([one.close(), two.close()]);
        await database.drop();
      },
    };
  });
});
