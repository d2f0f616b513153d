import { describe } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createPostgresSubmissions } from "../../src/submissions/store/postgres-submissions.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import { createTestDatabase, testPostgresUrl } from "../support/postgres-database.ts";
import { describeSubmissionStore } from "./contract.ts";

describeSubmissionStore("submissions in SQLite", async () => {
  const dir = mkdtempSync(join(tmpdir(), "flame-submissions-"));
  const [one, two] = [openSqlite(join(dir, "catalog.sqlite")), openSqlite(join(dir, "catalog.sqlite"))];
  await migrateSqlite(one);
  let passedMs = 0;
  const now = () => Date.now() + passedMs;
  return {
    store: createSqliteSubmissions(one, now),
    other: createSqliteSubmissions(two, now),
    impatient: createSqliteSubmissions(one, now, 300),
    clear: () => one.run((db) => void db.run("delete from submission")),
    pass: async (ms) => {
      passedMs += ms;
    },
    async dispose() {
      await Promise.all([one.close(), two.close()]);
      rmSync(dir, { recursive: true });
    },
  };
});

describe.skipIf(testPostgresUrl === undefined)("a store on a server", () => {
  describeSubmissionStore("submissions in PostgreSQL", async () => {
    const database = await createTestDatabase();
    const [one, two] = [openPostgres(database.settings), openPostgres(database.settings)];
    await migratePostgres(one);
    return {
      store: createPostgresSubmissions(one),
      other: createPostgresSubmissions(two),
      impatient: createPostgresSubmissions(one, 300),
      clear: async () => void (await database.execute("delete from submission")),
      pass: Bun.sleep,
      async dispose() {
        await Promise.all([one.close(), two.close()]);
        await database.drop();
      },
    };
  });
});
