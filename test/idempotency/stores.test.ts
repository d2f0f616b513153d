import { describe } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createPostgresIdempotency } from "../../src/idempotency/postgres-idempotency.ts";
import { createSqliteIdempotency } from "../../src/idempotency/sqlite-idempotency.ts";
import { createTestDatabase, testPostgresUrl } from "../support/postgres-database.ts";
import { describeIdempotency } from "./contract.ts";

describeIdempotency("idempotency keys in SQLite", async () => {
  const dir = mkdtempSync(join(tmpdir(), "flame-keys-"));
  const [one, two] = [openSqlite(join(dir, "catalog.sqlite")), openSqlite(join(dir, "catalog.sqlite"))];
  await migrateSqlite(one);
  let passedMs = 0;
  const now = () => Date.now() + passedMs;
  return {
    store: createSqliteIdempotency(one, now),
    other: createSqliteIdempotency(two, now),
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
  describeIdempotency("idempotency keys in PostgreSQL", async () => {
    const database = await createTestDatabase();
    const [one, two] = [openPostgres(database.settings), openPostgres(database.settings)];
    await migratePostgres(one);
    return {
      store: createPostgresIdempotency(one),
      other: createPostgresIdempotency(two),
      pass: (ms) =>
        one.run(async (db) => {
          const by = sql`${ms} * interval '1 millisecond'`;
          await db.execute(
            sql`update idempotency_key set lease_ends_at = lease_ends_at - ${by}, created_at = created_at - ${by}`,
          );
        }),
      async dispose() {
        await Promise.all([one.close(), two.close()]);
        await database.drop();
      },
    };
  });
});
