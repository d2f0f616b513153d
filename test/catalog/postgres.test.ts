import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { createPostgresCatalog } from "../../src/catalog/postgres.ts";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { openPostgres, type Postgres } from "../../src/database/postgres-connection.ts";
import { createPostgresSubmissions } from "../../src/submissions/store/postgres-submissions.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase, type TestDatabase, testPostgresUrl } from "../support/postgres-database.ts";
import { startRelay } from "../support/relay.ts";
import { describeCatalog, newEntry } from "./contract.ts";

const shortTimes = { connectTimeoutMs: 150, statementTimeoutMs: 150, idleTimeoutMs: 60_000, retryDelayMs: 10 };

describe.skipIf(testPostgresUrl === undefined)("PostgreSQL", () => {
  let database: TestDatabase;
  let postgres: Postgres;
  beforeAll(async () => {
    database = await createTestDatabase();
    postgres = openPostgres(database.settings);
    await migratePostgres(postgres);
  });
  afterAll(async () => {
    await postgres?.close();
    await database?.drop();
  });

  const killBackends = () =>
    database.execute(`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = '${database.settings.database}' and application_name = 'flame-result'`);

  describeCatalog("catalog", async () => {
    const another = openPostgres(database.settings);
    return {
      catalog: createPostgresCatalog(postgres),
      other: createPostgresCatalog(another),
      submissions: createPostgresSubmissions(postgres),
      countRows: async (table) => {
        const [row] = await database.execute<{ n: number }>(`select count(*)::int as n from ${table}`);
        return row?.n ?? -1;
      },
      dispose: another.close,
    };
  });

  test("a double link, as an older service could leave it, is listed once", async () => {
    const catalog = createPostgresCatalog(postgres);
    const entry = newEntry();
    await catalog.tag(entry);
    await database.execute(`insert into taggedresult (tag_id, result_id)
      select tag_id, result_id from taggedresult order by id desc limit 1`);
    expect(await catalog.listTagged(entry.projectId, entry.tagName)).toHaveLength(1);
    await catalog.tag(entry);
    expect(await catalog.listTagged(entry.projectId, entry.tagName)).toHaveLength(1);
  });

  test("a value that no column can hold is the caller's fault, not the database's", async () => {
    const catalog = createPostgresCatalog(postgres);
    for (const part of [{ filename: "a\0b" }, { filename: "x".repeat(256) }, { objectId: "not-a-uuid" }]) {
      const entry = newEntry(part);
      await expect(catalog.tag(entry)).rejects.toMatchObject({ code: "invalid_input" });
      expect(await catalog.listTags(entry.projectId)).toEqual([]);
    }
  });

  test("losing every connection at once is not noticed", async () => {
    const catalog = createPostgresCatalog(postgres);
    for (let round = 0; round < 5; round += 1) {
      const entry = newEntry();
      await catalog.tag(entry);
      await killBackends();
      const names = await Promise.all(
        Array.from({ length: 20 }, () => catalog.findFilename(entry.clientId, entry.objectId)),
      );
      expect(new Set(names)).toEqual(new Set([entry.filename]));
    }
  });

  test("work in progress is repeated on a new connection, once", async () => {
    let tries = 0;
    const work = postgres.run(async (db) => {
      tries += 1;
      await db.execute(sql.raw(tries === 1 ? "select pg_terminate_backend(pg_backend_pid())" : "select 1"));
      return "done";
    });
    expect(await work).toBe("done");

    tries = 0;
    const hopeless = postgres.run(async (db) => {
      tries += 1;
      await db.execute(sql`select pg_terminate_backend(pg_backend_pid())`);
    });
    await expect(hopeless).rejects.toMatchObject({ code: "database" });
    expect(tries).toBe(2);
  });

  test("work that must not be done twice is not repeated", async () => {
    let tries = 0;
    const work = postgres.run(
      async (db) => {
        tries += 1;
        await db.execute(sql`select pg_terminate_backend(pg_backend_pid())`);
      },
      { repeatable: false },
    );
    await expect(work).rejects.toMatchObject({ code: "database" });
    expect(tries).toBe(1);
  });

  test("an error that is not the driver's passes unchanged", async () => {
    const bug = new TypeError("a bug");
    await expect(postgres.run(() => Promise.reject(bug))).rejects.toBe(bug);
  });

  test("neither the message nor the cause of a failure shows the values of a query, and no password", async () => {
    const settings = { ...database.settings, user: "nobody", password: "s3cret:@/?#%", database: "no-such-database" };
    const away = openPostgres({ ...settings, port: 1 }, shortTimes);
    const denied = openPostgres(settings, shortTimes);
    for (const connection of [away, denied]) {
      const entry = newEntry({ filename: "private-name.csv" });
      const failure = await createPostgresCatalog(connection)
        .tag(entry)
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "database", message: "The database is not available" });
      expect(failure).toHaveProperty("operatorDetail", expect.stringContaining("no-such-database"));
      expect(Bun.inspect(failure)).not.toContain("private-name");
      expect(Bun.inspect(failure)).not.toContain("s3cret");
      await connection.close();
    }
  });

  test("a statement that takes too long is stopped by the server", async () => {
    const impatient = openPostgres(database.settings, { ...shortTimes, connectTimeoutMs: 5_000 });
    const slow = impatient.run((db) => db.execute(sql`select pg_sleep(60)`));
    await expect(slow).rejects.toMatchObject({ operatorDetail: expect.stringContaining("57014") });
    await impatient.close();
  });

  test("a server that accepts connections and says nothing is given up", async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const connection = openPostgres({ ...database.settings, host: "127.0.0.1", port: silent.port }, shortTimes);
    await expect(createPostgresCatalog(connection).check()).rejects.toMatchObject({ code: "database" });
    await connection.close();
    silent.stop(true);
  });

  test("a server that freezes in the middle is given up, and found again once it is back", async () => {
    const { host, port } = database.settings;
    const proxy = await startRelay({ host, port });
    const settings = { ...database.settings, host: "127.0.0.1", port: proxy.port };
    const connection = openPostgres(settings, { ...shortTimes, connectTimeoutMs: 2_000 });
    const catalog = createPostgresCatalog(connection);
    const entry = newEntry();
    await eventually(() => catalog.tag(entry));

    proxy.pause();
    const attempts = await Promise.allSettled([
      ...Array.from({ length: 10 }, () => catalog.tag(entry)),
      ...Array.from({ length: 10 }, () => catalog.check()),
    ]);
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ status: "rejected", reason: { code: "database" } });
    }

    await proxy.resume();
    await eventually(async () =>
      expect(await catalog.findFilename(entry.clientId, entry.objectId)).toBe(entry.filename),
    );
    await connection.close();
    await proxy.stop();
  });
});
