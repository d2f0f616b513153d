import { describe } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createPostgresPeers } from "../../src/peers/postgres-peers.ts";
import { createSqlitePeers } from "../../src/peers/sqlite-peers.ts";
import { createAppendInPostgres } from "../../src/record/postgres-append.ts";
import { createPostgresRecord } from "../../src/record/postgres-record.ts";
import type { RecordStore } from "../../src/record/record-store.ts";
import { createAppendInSqlite } from "../../src/record/sqlite-append.ts";
import { createSqliteRecord } from "../../src/record/sqlite-record.ts";
import { createTestDatabase, testPostgresUrl } from "../support/postgres-database.ts";
import { describePeerStore } from "./contract.ts";

async function readRecord(record: RecordStore) {
  await record.seal();
  const rows = await record.readAfter({}, 0, 1_000);
  return rows.map(({ event, actor, peerNodeId, sha256, outcome }) => {
    return { event, ...(actor === undefined ? {} : { actor }), peerNodeId, sha256, outcome };
  });
}

describePeerStore("peers in SQLite", async () => {
  const dir = mkdtempSync(join(tmpdir(), "flame-peers-"));
  const [one, two] = [openSqlite(join(dir, "catalog.sqlite")), openSqlite(join(dir, "catalog.sqlite"))];
  await migrateSqlite(one);
  const append = createAppendInSqlite(Date.now, () => undefined);
  return {
    store: createSqlitePeers(one, Date.now, append),
    other: createSqlitePeers(two, Date.now, append),
    unrecorded: createSqlitePeers(one, Date.now, undefined),
    recorded: () => readRecord(createSqliteRecord(one, Date.now)),
    execute: (statement) => one.run((db) => void db.run(statement)),
    async dispose() {
      await Promise.all([one.close(), two.close()]);
      rmSync(dir, { recursive: true });
    },
  };
});

describe.skipIf(testPostgresUrl === undefined)("", () => {
  describePeerStore("peers in PostgreSQL", async () => {
    const database = await createTestDatabase();
    const [one, two] = [openPostgres(database.settings), openPostgres(database.settings)];
    await migratePostgres(one);
    const append = createAppendInPostgres(() => undefined);
    return {
      store: createPostgresPeers(one, append),
      other: createPostgresPeers(two, append),
      unrecorded: createPostgresPeers(one, undefined),
      recorded: () => readRecord(createPostgresRecord(one)),
      execute: async (statement) => void (await database.execute(statement)),
      async dispose() {
        await Promise.all([one.close(), two.close()]);
        await database.drop();
      },
    };
  });
});
