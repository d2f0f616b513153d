import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../../src/commands/migrate.ts";
import { exitConfig } from "../../src/commands/process-io.ts";
import { acquireDataDirLock } from "../../src/database/data-dir-lock.ts";
import { NODE } from "../settings/environment.ts";
import { createTestDatabase, type TestDatabase, testPostgresUrl } from "../support/postgres-database.ts";
import { createTestIo } from "./test-io.ts";

async function runMigrate(env: Record<string, string>) {
  const io = createTestIo({ ...NODE, ...env });
  return { code: await migrate(io), printed: io.printed, complaints: io.errors.join("\n") };
}

const nothingToDo = { code: 0, printed: ["The database is up to date; there was nothing to do."] };

describe("migrating a data folder", () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "flame-result-migrate-"));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  test("says what was applied, and the second time that there was nothing to do", async () => {
    const first = await runMigrate({ DATA_DIR: dataDir });
    expect([first.code, first.printed[0]]).toEqual([0, "applied 0000_catalog"]);
    expect(await runMigrate({ DATA_DIR: dataDir })).toMatchObject(nothingToDo);
  });

  test("works beside a service when there is nothing to do", async () => {
    await runMigrate({ DATA_DIR: dataDir });
    const lock = acquireDataDirLock(dataDir);
    expect(await runMigrate({ DATA_DIR: dataDir })).toMatchObject(nothingToDo);
    lock.release();
  });

  test("does nothing that is to be done while a service uses it", async () => {
    const lock = acquireDataDirLock(dataDir);
    const { code, printed, complaints } = await runMigrate({ DATA_DIR: dataDir });
    expect([code, printed]).toEqual([1, []]);
    expect(complaints).toContain("in use by another process. Stop that one");
    lock.release();
  });
});

describe.skipIf(testPostgresUrl === undefined)("migrating PostgreSQL", () => {
  let database: TestDatabase;
  let env: Record<string, string>;
  beforeEach(async () => {
    database = await createTestDatabase();
    const { host, port, user, password, database: name } = database.settings;
    const login = { POSTGRES__USER: user, POSTGRES__PASSWORD: password || "unused" };
    env = { POSTGRES__HOST: host, POSTGRES__PORT: String(port), POSTGRES__DB: name, ...login };
  });
  afterEach(() => database.drop());

  test("says what was applied, and the second time that there was nothing to do", async () => {
    const first = await runMigrate(env);
    expect([first.code, first.printed[0]]).toEqual([0, "applied 0000_catalog"]);
    expect(await runMigrate(env)).toMatchObject(nothingToDo);
  });

  test("two at once apply everything once", async () => {
    const both = await Promise.all([runMigrate(env), runMigrate(env)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.flatMap(({ printed }) => printed).filter((line) => line === "applied 0000_catalog")).toHaveLength(1);
  });

  test("says why it cannot", async () => {
    const { code, complaints } = await runMigrate({ ...env, POSTGRES__DB: "no_such_database" });
    expect(code).toBe(1);
    expect(complaints).toMatch(/^The database was not migrated: PostgreSQL at .*"no_such_database" does not exist/);
  });
});

test("without settings it says which are missing", async () => {
  const io = createTestIo({});
  expect(await migrate(io)).toBe(exitConfig);
  expect(io.errors.join("\n")).toContain("POSTGRES__HOST is not set");
});
