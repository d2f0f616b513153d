import { describe } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { migratePostgres } from "../../../src/database/migrate-postgres.ts";
import { migrateSqlite } from "../../../src/database/migrate-sqlite.ts";
import { openPostgres } from "../../../src/database/postgres-connection.ts";
import { openSqlite } from "../../../src/database/sqlite-connection.ts";
import { createPostgresBudget } from "../../../src/privacy/budget/postgres-budget.ts";
import { createSqliteBudget } from "../../../src/privacy/budget/sqlite-budget.ts";
import { createAppendInPostgres } from "../../../src/record/postgres-append.ts";
import { createPostgresRecord } from "../../../src/record/postgres-record.ts";
import type { RecordStore } from "../../../src/record/record-store.ts";
import { createAppendInSqlite } from "../../../src/record/sqlite-append.ts";
import { createSqliteRecord } from "../../../src/record/sqlite-record.ts";
import { createTestDatabase, testPostgresUrl } from "../../support/postgres-database.ts";
import { describeBudgets } from "./contract.ts";

async function recordedIn(store: RecordStore) {
  await store.seal();
  const rows = await store.readAfter({}, 0, 10_000);
  return rows.map(({ event, actor, analysisId, projectId }) => {
    return { event, actor, projectId, ...(analysisId === undefined ? {} : { analysisId }) };
  });
}

describeBudgets("privacy budgets in SQLite", async () => {
  const dir = mkdtempSync(join(tmpdir(), "flame-budget-"));
  const [one, two] = [openSqlite(join(dir, "catalog.sqlite")), openSqlite(join(dir, "catalog.sqlite"))];
  await migrateSqlite(one);
  let passedMs = 0;
  const now = () => Date.now() + passedMs;
  const append = createAppendInSqlite(now, () => undefined);
  const record = createSqliteRecord(one, now);
  return {
    store: createSqliteBudget(one, now, append),
    other: createSqliteBudget(two, now, append),
    silent: createSqliteBudget(one, now, undefined),
    recorded: () => recordedIn(record),
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
  describeBudgets("privacy budgets in PostgreSQL", async () => {
    const database = await createTestDatabase();
    const [one, two] = [openPostgres(database.settings), openPostgres(database.settings)];
    await migratePostgres(one);
    const append = createAppendInPostgres(() => undefined);
    const record = createPostgresRecord(one);
    return {
      store: createPostgresBudget(one, append),
      other: createPostgresBudget(two, append),
      silent: createPostgresBudget(one, undefined),
      recorded: () => recordedIn(record),
      // Its clock cannot be set, but what was written can be made older.
      pass: (ms) =>
        one.run(async (db) => {
          const age = sql`${ms} * interval '1 millisecond'`;
          await db.execute(sql`update privacy_release set reserved_until = reserved_until - ${age}`);
        }),
      async dispose() {
        await Promise.all([one.close(), two.close()]);
        await database.drop();
      },
    };
  });
});
