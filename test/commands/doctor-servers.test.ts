import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { SQL } from "bun";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import type { Environment } from "../../src/settings/environment.ts";
import { storeThatForbids } from "../objects/forbidding-store.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres-database.ts";
import { postgresInstalled, startPostgres } from "../support/postgres-server.ts";
import { isAvailable, startTestService, type TestService } from "../support/service.ts";
import { type Squid, squidInstalled, startSquid } from "../support/squid.ts";
import { countObjects } from "../support/storage-check.ts";
import { examine } from "./examine.ts";

describe.skipIf(!squidInstalled())("the doctor, behind a proxy", () => {
  let service: TestService;
  let squid: Squid;
  beforeAll(async () => {
    [service, squid] = await Promise.all([startTestService(), startSquid()]);
  });
  afterAll(async () => {
    await service.stop();
    await squid.stop();
  });

  test("finds nothing wrong when it lets us through", async () => {
    const { code, checks } = await examine({ ...service.environment, PROXY__HTTP_URL: squid.url });
    expect(code).toBe(0);
    const { message } = checks.find(({ check }) => check === "proxy") ?? {};
    expect(message).toMatch(/^http:\/\/node%20a:\*\*\*@\S+ lets us through/);
  });

  test("finds that it refuses us", async () => {
    const { failed, text } = await examine({ ...service.environment, PROXY__HTTP_URL: squid.urlWithWrongPassword });
    expect(failed).toEqual(["Hub sign-in", "Hub core", "Hub storage", "proxy"]);
    expect(text).toMatch(/the proxy http:\S+ refuses its user or password \(407\); check the PROXY__ settings/);
    expect(text).not.toContain("wrong@");
  });

  test("finds that it is not there", async () => {
    const { text } = await examine({ ...service.environment, PROXY__HTTP_URL: "http://127.0.0.1:1" });
    expect(text).toContain("failed proxy: the proxy http://127.0.0.1:1 refuses the connection");
    expect(text).toContain("Check PROXY__HTTP_URL");
  });
});

describe.skipIf(!isAvailable("servers"))("the doctor, with an object store and PostgreSQL", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService({ backend: "servers" });
  });
  afterAll(() => service.stop());

  const find = (env: Environment) => examine({ ...service.environment, ...env });

  test("finds nothing wrong, and leaves nothing behind", async () => {
    const { code, text } = await find({});
    expect([code, text]).toEqual([0, ""]);
    expect(await countObjects(service)).toBe(0);
  });

  test.each([
    [{ MINIO__BUCKET: "no-such-bucket" }, "NoSuchBucket", "Check MINIO__BUCKET (no-such-bucket), or create it"],
    [{ MINIO__SECRET_KEY: "wrong-secret" }, "SignatureDoesNotMatch", "Check MINIO__SECRET_KEY"],
    [{ MINIO__ACCESS_KEY: "nobody" }, "InvalidAccessKeyId", "Check MINIO__ACCESS_KEY"],
    [
      { MINIO__ENDPOINT: "127.0.0.1:1" },
      "nothing listens at the endpoint",
      "Check MINIO__ENDPOINT (http://127.0.0.1:1)",
    ],
  ])("finds what is wrong with the object store: %j", async (env, cause, remedy) => {
    const { failed, text } = await find(env);
    expect(failed).toEqual(["object store"]);
    expect(text).toContain(cause);
    expect(text).toContain(remedy);
    expect(text).not.toContain("wrong-secret");
  });

  test("advises by the name that was set, where that is S3__", async () => {
    const named = Object.entries(service.environment).map(([name, value]) => [name.replace(/^MINIO__/, "S3__"), value]);
    const { failed, text } = await examine({ ...Object.fromEntries(named), S3__BUCKET: "no-such-bucket" });
    expect(failed).toEqual(["object store"]);
    expect(text).toContain("Check S3__BUCKET (no-such-bucket), or create it");
    expect(text).not.toContain("MINIO__");
  });

  test.each([
    [{ POSTGRES__DB: "no_such_database" }, "3D000", "Create the database, or check POSTGRES__DB (no_such_database)"],
    [{ POSTGRES__PORT: "1" }, "PostgreSQL at 127.0.0.1:1", "Is the server up? Check POSTGRES__HOST and POSTGRES__PORT"],
  ])("finds what is wrong with the database: %j", async (env, cause, remedy) => {
    const { failed, text } = await find(env);
    expect(failed).toEqual(["database"]);
    expect(text).toContain(cause);
    expect(text).toContain(remedy);
  });
});

describe.skipIf(!isAvailable("servers"))("the doctor, with a database that is not as it should be", () => {
  let service: TestService;
  let database: TestDatabase;
  beforeEach(async () => {
    service = await startTestService({ backend: "servers" });
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await service.stop();
    await database.drop();
  });

  const find = (name = database.settings.database) => examine({ ...service.environment, POSTGRES__DB: name });

  test("finds a database that may only be read", async () => {
    await database.execute(`alter database ${database.settings.database} set default_transaction_read_only = on`);
    const { code, failed, text } = await find();
    expect([code, failed]).toEqual([1, ["database"]]);
    expect(text).toContain("PostgreSQL may only be read here");
  });

  test("finds a search path that leads nowhere, and says what mends it", async () => {
    await database.execute(`alter database ${database.settings.database} set search_path = "$user"`);
    const { code, failed, text } = await find();
    expect([code, failed]).toEqual([1, ["database"]]);
    expect(text).toMatch(/No schema of the search path \("\$user"\) exists.*set search_path = public/);
  });

  test("warns of a database in LATIN1, be it new or up to date", async () => {
    const name = `${database.settings.database}_latin`;
    await database.execute(`create database ${name} encoding 'LATIN1' locale 'C' template template0`);
    try {
      const isNew = await find(name);
      expect([isNew.code, isNew.failed]).toEqual([0, []]);
      expect(isNew.text).toContain("encoding is LATIN1");
      const postgres = openPostgres({ ...database.settings, database: name });
      await migratePostgres(postgres).finally(postgres.close);
      expect((await find(name)).text).toContain("encoding is LATIN1");
    } finally {
      await database.execute(`drop database ${name} with (force)`);
    }
  });
});

test.skipIf(!isAvailable("servers"))(
  "the doctor and /readyz tell of a bucket that keeps versions",
  async () => {
    const store = storeThatForbids("nothing", { versioning: "Enabled" });
    const service = await startTestService({ backend: "servers", env: { MINIO__ENDPOINT: store.endpoint } });
    const told = expect.stringContaining("cannot forget");
    const { code, failed, text } = await examine(service.environment);
    expect([code, failed, text]).toEqual([0, [], told]);
    const report = await (await fetch(`${service.url}/readyz`)).json();
    expect(report).toMatchObject({ status: "ready", warnings: [told] });
    await service.stop();
    await store.stop();
  },
  30_000,
);

describe.skipIf(!postgresInstalled() || !isAvailable("servers"))(
  "the doctor, with a PostgreSQL that wants a password",
  () => {
    test("finds a wrong password, and pending migrations, which it leaves alone", async () => {
      const [service, server] = await Promise.all([startTestService({ backend: "servers" }), startPostgres()]);
      const admin = new SQL(server.url, { max: 1 });
      const [{ hba_file } = { hba_file: "" }]: { hba_file: string }[] = await admin`show hba_file`;
      await admin`create user flame superuser password 'right'`;
      await admin.unsafe(`copy (select 'host all all 127.0.0.1/32 scram-sha-256') to '${hba_file}'`);
      await admin`select pg_reload_conf()`;
      const env = { ...service.environment, POSTGRES__PORT: String(server.port), POSTGRES__DB: "postgres" };
      const find = (password: string) => examine({ ...env, POSTGRES__USER: "flame", POSTGRES__PASSWORD: password });

      const wrong = await find("wrong-password");
      expect(wrong.failed).toEqual(["database"]);
      expect(wrong.text).toMatch(/password authentication failed for user "?flame"? \(28P01\)/);
      expect(wrong.text).toContain("Check POSTGRES__USER and POSTGRES__PASSWORD");
      expect(wrong.text).not.toContain("wrong-password");

      const right = await find("right");
      expect([right.code, right.failed]).toEqual([0, []]);
      expect(right.text).toContain("migrations are pending: 0000_catalog");
      expect(right.text).toContain("`flame-result migrate` does it now");
      const [row]: { tag: string | null }[] = await admin`select to_regclass('tag')::text as tag`;
      expect(row?.tag).toBeNull();

      await admin.close();
      await server.stop();
      await service.stop();
    }, 30_000);
  },
);
