import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { createPostgresCatalog } from "../../src/catalog/postgres.ts";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { openPostgres, type Postgres } from "../../src/database/postgres-connection.ts";
import { createTestDatabase, type TestDatabase, testPostgresUrl } from "../support/postgres-database.ts";

const entry = () => ({
  projectId: crypto.randomUUID(),
  clientId: crypto.randomUUID(),
  objectId: crypto.randomUUID(),
  tagName: "kept",
  filename: "kept.txt",
});

/** The value once it is as expected, or as it is after some time. */
async function eventuallyEqual(read: () => Promise<number>, expected: number): Promise<number> {
  for (let left = 100; left > 0 && (await read()) !== expected; left -= 1) await Bun.sleep(50);
  return read();
}

describe.skipIf(testPostgresUrl === undefined)("after a fail-over", () => {
  let database: TestDatabase;
  let postgres: Postgres;

  beforeEach(async () => {
    database = await createTestDatabase();
    postgres = openPostgres(database.settings);
    await migratePostgres(postgres);
  });
  afterEach(async () => {
    await postgres?.close();
    await database?.drop();
  });

  /** Makes all sessions that are open read-only for their life, as those to a demoted server are. */
  const openAll = (setting: string) =>
    Promise.all(
      Array.from({ length: database.settings.maxConnections }, () =>
        postgres.run((db) => db.execute(sql.raw(`${setting}; select pg_sleep(0.2)`))),
      ),
    );

  test("no connection to a server that may only be read is used again (25006)", async () => {
    const catalog = createPostgresCatalog(postgres);
    await openAll("set default_transaction_read_only = on");
    const entries = Array.from({ length: 20 }, entry);
    await Promise.all(entries.map((each) => catalog.tag(each)));
    for (const each of entries) expect(await catalog.listTags(each.projectId)).toEqual(["kept"]);
  });

  test("a database that was dropped and made again is found again (57P04)", async () => {
    let tries = 0;
    const work = postgres.run(async (db) => {
      tries += 1;
      if (tries === 1) await db.execute(sql`do $$ begin raise exception 'gone' using errcode = '57P04'; end $$`);
      return "done";
    });
    expect(await work).toBe("done");
  });

  test("connections are opened as needed, closed after a rest, and replaced when they are old", async () => {
    const times = { connectTimeoutMs: 5_000, statementTimeoutMs: 5_000, idleTimeoutMs: 300, retryDelayMs: 10 };
    const count = async () => {
      const sessions =
        "select pid from pg_stat_activity where application_name = 'flame-result' and datname = current_database()";
      return (await database.execute(sessions)).length;
    };
    await postgres.close();
    expect(await eventuallyEqual(count, 0)).toBe(0);
    const resting = openPostgres(database.settings, times);
    await resting.run((db) => db.execute(sql`select 1`));
    await resting.run((db) => db.execute(sql`select 1`));
    expect(await count()).toBe(1);
    await Promise.all(Array.from({ length: 20 }, () => resting.run((db) => db.execute(sql`select pg_sleep(0.05)`))));
    expect(await count()).toBeLessThanOrEqual(database.settings.maxConnections);
    expect(await eventuallyEqual(count, 0)).toBe(0);
    await resting.close();

    const ageing = openPostgres(database.settings, { ...times, idleTimeoutMs: 60_000, lifeTimeMs: 300 });
    await ageing.run((db) => db.execute(sql`select 1`));
    expect(await eventuallyEqual(count, 0)).toBe(0);
    await ageing.run((db) => db.execute(sql`select 1`));
    await ageing.close();
  });

  test("the look at the database proves a write, and leaves nothing behind", async () => {
    const catalog = createPostgresCatalog(postgres);
    await catalog.check();
    expect(await database.execute("select * from tag")).toEqual([]);
    expect(await database.execute("select from tag_id_seq where is_called")).toHaveLength(0);
    await database.execute(`alter database ${database.settings.database} set default_transaction_read_only = on`);
    const other = openPostgres(database.settings);
    await expect(createPostgresCatalog(other).check()).rejects.toMatchObject({
      code: "database",
      operatorDetail: expect.stringContaining("25006"),
    });
    await other.close();
  });
});
