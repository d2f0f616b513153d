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
import type { RecordStore } from "../../src/record/record-store.ts";
import { createAppendInSqlite } from "../../src/record/sqlite-append.ts";
import { createSqliteRecord } from "../../src/record/sqlite-record.ts";
import { createPostgresReleases } from "../../src/release/postgres-releases.ts";
import { createSqliteReleases } from "../../src/release/sqlite-releases.ts";
import { createPostgresSubmissions } from "../../src/submissions/store/postgres-submissions.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import { createTestDatabase, testPostgresUrl } from "../support/postgres-database.ts";
import { describeReleaseStore } from "./contract.ts";

const noRequest = () => undefined;
const emptyAll = ["submission", "release_decision", "record_entry"].map((table) => `delete from ${table}`);

async function eventsOf(record: RecordStore) {
  await record.seal();
  return (await record.readAfter({}, 0, 1_000)).map(({ event, actor }) => [event, actor] as const);
}

describeReleaseStore("the gate in SQLite", async () => {
  const dir = mkdtempSync(join(tmpdir(), "flame-releases-"));
  const [one, two] = [openSqlite(join(dir, "catalog.sqlite")), openSqlite(join(dir, "catalog.sqlite"))];
  await migrateSqlite(one);
  let passedMs = 0;
  const now = () => Date.now() + passedMs;
  const append = createAppendInSqlite(now, noRequest);
  const record = createSqliteRecord(one, now);
  return {
    releases: createSqliteReleases(one, now, append),
    other: createSqliteReleases(two, now, append),
    submissions: createSqliteSubmissions(one, now, undefined, append),
    recorded: () => eventsOf(record),
    clear: () => one.run((db) => emptyAll.forEach((statement) => void db.run(statement))),
    pass: async (ms) => {
      passedMs += ms;
    },
    async dispose() {
      await Promise.all([one.close(), two.close()]);
      rmSync(dir, { recursive: true });
    },
  };
});

describe.skipIf(testPostgresUrl === undefined)("a gate on a server", () => {
  describeReleaseStore("the gate in PostgreSQL", async () => {
    const database = await createTestDatabase();
    const [one, two] = [openPostgres(database.settings), openPostgres(database.settings)];
    await migratePostgres(one);
    const append = createAppendInPostgres(noRequest);
    const record = createPostgresRecord(one);
    return {
      releases: createPostgresReleases(one, append),
      other: createPostgresReleases(two, append),
      submissions: createPostgresSubmissions(one, undefined, append),
      recorded: () => eventsOf(record),
      clear: async () => {
        for (const statement of emptyAll) await database.execute(statement);
      },
      pass: Bun.sleep,
      async dispose() {
        await Promise.all([one.close(), two.close()]);
        await database.drop();
      },
    };
  });
});
