import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  listPendingPostgresMigrations,
  migratePostgres,
  postgresMigrations,
} from "../../src/database/migrate-postgres.ts";
import { openPostgres, type Postgres } from "../../src/database/postgres-connection.ts";
import { createTestDatabase, type TestDatabase, testPostgresUrl } from "../support/postgres-database.ts";

const allMigrations = postgresMigrations.map(({ name }) => name);

describe.skipIf(testPostgresUrl === undefined)("PostgreSQL migrations", () => {
  let database: TestDatabase;
  let postgres: Postgres;
  beforeEach(async () => {
    database = await createTestDatabase();
    postgres = openPostgres(database.settings);
  });
  afterEach(async () => {
    await postgres?.close();
    await database?.drop();
  });

  test("an empty database is filled, once", async () => {
    expect(await listPendingPostgresMigrations(postgres)).toEqual(allMigrations);
    expect(await migratePostgres(postgres)).toEqual(allMigrations);
    expect(await migratePostgres(postgres)).toEqual([]);
    expect(await listPendingPostgresMigrations(postgres)).toEqual([]);
  });

  test("asking what is pending changes nothing", async () => {
    await listPendingPostgresMigrations(postgres);
    expect(await database.execute("select relname from pg_class where relnamespace = 'public'::regnamespace")).toEqual(
      [],
    );
  });

  test("eight processes that start at once apply each migration once", async () => {
    const processes = Array.from({ length: 8 }, () => openPostgres({ ...database.settings, maxConnections: 1 }));
    const applied = await Promise.all(processes.map((connection) => migratePostgres(connection)));
    expect(applied.flat()).toEqual(allMigrations);
    await Promise.all(processes.map((connection) => connection.close()));
  });

  test("a database that a newer version used is refused", async () => {
    await migratePostgres(postgres);
    await database.execute("insert into flame_result_migration (name) values ('9999_future')");
    await expect(migratePostgres(postgres)).rejects.toThrow(/newer version.*9999_future/);
    await expect(listPendingPostgresMigrations(postgres)).rejects.toThrow(/newer version.*9999_future/);
  });

  test("a migration that fails in the middle leaves nothing behind", async () => {
    await migratePostgres(postgres);
    const migrations = [
      ...postgresMigrations,
      { name: "9000_broken", sql: "create table kept ();\n--> statement-breakpoint\nselect nonsense;" },
    ];
    await expect(migratePostgres(postgres, migrations)).rejects.toThrow(/nonsense/);
    expect(await database.execute("select relname from pg_class where relname = 'kept'")).toEqual([]);
    expect(await listPendingPostgresMigrations(postgres, migrations)).toEqual(["9000_broken"]);
  });
});
