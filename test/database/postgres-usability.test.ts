import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createPostgresCatalog } from "../../src/catalog/postgres.ts";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { inspectPostgres } from "../../src/database/postgres-usability.ts";
import { createTestDatabase, type TestDatabase, testPostgresUrl } from "../support/postgres-database.ts";

describe.skipIf(testPostgresUrl === undefined)("a database as hospitals grant it", () => {
  let database: TestDatabase;
  const role = `role_${crypto.randomUUID().replaceAll("-", "")}`;

  beforeEach(async () => {
    database = await createTestDatabase();
    await database.execute(`create role ${role} login; revoke create on schema public from public`);
  });
  afterEach(async () => {
    await database?.execute(`begin read write; drop owned by ${role}; drop role ${role}; commit`);
    await database?.drop();
  });

  async function asOwner<T>(work: (postgres: ReturnType<typeof openPostgres>) => Promise<T>): Promise<T> {
    const postgres = openPostgres(database.settings);
    return work(postgres).finally(postgres.close);
  }
  async function asRole<T>(work: (postgres: ReturnType<typeof openPostgres>) => Promise<T>): Promise<T> {
    const postgres = openPostgres({ ...database.settings, user: role });
    return work(postgres).finally(postgres.close);
  }
  const grantTables = `grant select, insert, update, delete on all tables in schema public to ${role};
    grant usage on all sequences in schema public to ${role}`;

  test("a role that may not make tables works on an up-to-date one", async () => {
    await asOwner(migratePostgres);
    await database.execute(grantTables);
    expect(await asRole(inspectPostgres)).toEqual([]);
    expect(await asRole(migratePostgres)).toEqual([]);
    await asRole((postgres) => createPostgresCatalog(postgres).check());
  });

  test("a role that may not make tables is told so where some are pending", async () => {
    await expect(asRole(inspectPostgres)).rejects.toThrow(/lacks 0000_catalog.*grant create on schema public/);
    expect(await asOwner(inspectPostgres)).toEqual([]);
  });

  test("a role that lacks a right on a table is told which", async () => {
    await asOwner(migratePostgres);
    await database.execute(`${grantTables}; revoke delete on submission from ${role}`);
    await expect(asRole(inspectPostgres)).rejects.toThrow(/grant it delete on submission$/);
  });

  test("every table of every room counts, and so do the sequences", async () => {
    await asOwner(migratePostgres);
    const tables = await database.execute<{ tablename: string }>(
      `select tablename from pg_tables where schemaname = 'public'`,
    );
    const names = tables.map(({ tablename }) => tablename).filter((name) => name !== "flame_result_migration");
    expect(names.length).toBeGreaterThan(20);
    await database.execute(`${grantTables}; revoke update on all tables in schema public from ${role}`);
    await expect(asRole(inspectPostgres)).rejects.toThrow(`grant it update on ${names.sort().join(", ")}`);
    await database.execute(`${grantTables}; revoke usage on sequence record_entry_place_seq from ${role}`);
    await expect(asRole(inspectPostgres)).rejects.toThrow(/grant it usage on sequence record_entry_place_seq$/);
  });

  test("a role that lacks most is told in a sentence that can be read", async () => {
    await asOwner(migratePostgres);
    await database.execute(
      `${grantTables}; revoke all on peer, traffic from ${role}; revoke insert on tag from ${role}`,
    );
    await expect(asRole(inspectPostgres)).rejects.toThrow(
      /grant it insert on tag; select, insert, update, delete on peer, traffic$/,
    );
  });

  test("a role that lacks every right is told", async () => {
    await asOwner(migratePostgres);
    await expect(asRole(inspectPostgres)).rejects.toThrow(
      /grant it select on flame_result_migration; select, insert, update, delete on daily_usage, .*; usage on sequence /,
    );
  });

  test("a database that may only be read is told, and waited for", async () => {
    await asOwner(migratePostgres);
    await database.execute(`alter database ${database.settings.database} set default_transaction_read_only = on`);
    await expect(asOwner(inspectPostgres)).rejects.toMatchObject({
      code: "database",
      operatorDetail: expect.stringContaining("standby"),
    });
  });

  test("a search path that leads nowhere, or past the tables, is told with what mends it", async () => {
    const name = database.settings.database;
    await database.execute(`alter database ${name} set search_path = "$user"`);
    await expect(asOwner(inspectPostgres)).rejects.toThrow(/No schema of the search path.*search_path = public/);
    await database.execute(`alter database ${name} reset search_path`);
    await asOwner(migratePostgres);
    await database.execute(`create schema other; alter database ${name} set search_path = other`);
    await expect(asOwner(inspectPostgres)).rejects.toThrow(/tables are in the schema public/);
  });

  test("a database in LATIN1 is told", async () => {
    const name = `latin_${crypto.randomUUID().replaceAll("-", "")}`;
    await database.execute(`create database ${name} encoding 'LATIN1' locale 'C' template template0`);
    const postgres = openPostgres({ ...database.settings, database: name });
    expect(await inspectPostgres(postgres)).toEqual([expect.stringContaining("encoding is LATIN1")]);
    await migratePostgres(postgres);
    expect(await inspectPostgres(postgres)).toEqual([expect.stringContaining("encoding is LATIN1")]);
    await postgres.close();
    await database.execute(`drop database ${name} with (force)`);
  });
});
