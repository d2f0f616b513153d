import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { SQL } from "bun";
import { buildMissingIndexes } from "../../src/app/missing-indexes.ts";
import { migratePostgres, postgresMigrations } from "../../src/database/migrate-postgres.ts";
import { openPostgres, type Postgres } from "../../src/database/postgres-connection.ts";
import { buildIndexes, buildTimes, listMissingIndexes } from "../../src/database/postgres-indexes.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase, type TestDatabase, testPostgresUrl } from "../support/postgres-database.ts";

const names = [
  ...["tag_project_id", "submission_waiting", "submission_state", "submission_analysis_id", "result_object_id"],
  ...["record_entry_event", "record_entry_project", "record_entry_analysis", "record_entry_time"],
];
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe.skipIf(testPostgresUrl === undefined)("indexes on tables that are large", () => {
  let database: TestDatabase;
  let postgres: Postgres;
  let builder: Postgres;
  beforeEach(async () => {
    database = await createTestDatabase();
    postgres = openPostgres(database.settings);
    builder = openPostgres({ ...database.settings, maxConnections: 1 }, buildTimes);
  });
  afterEach(async () => {
    await postgres.close();
    await builder.close();
    await database.drop();
  });

  /** Every table counts as large. */
  const migrate = () => migratePostgres(postgres, postgresMigrations, 0);
  const missing = async () => (await listMissingIndexes(postgres, postgresMigrations)).map(({ name }) => name);
  const oid = async (index: string) =>
    (await database.execute<{ oid: string }>(`select '${index}'::regclass::oid as oid`))[0]?.oid;

  test("small tables get all of them from the migrations", async () => {
    await migratePostgres(postgres);
    expect(await missing()).toEqual([]);
  });

  test("a migration leaves them out, and a start builds them; a second one has nothing to do", async () => {
    expect(await migrate()).toContain("0012_record_lists");
    expect(await missing()).toEqual(names);
    await (await buildMissingIndexes(postgres, database.settings, log)).building;
    expect(await missing()).toEqual([]);
    const before = await oid("record_entry_time");
    await (await buildMissingIndexes(postgres, database.settings, log)).building;
    expect(await oid("record_entry_time")).toBe(before);
  });

  test("they are the same ones either way", async () => {
    const definitions =
      "select string_agg(indexdef, ';' order by indexname) as all from pg_indexes where schemaname = 'public'";
    const read = async () => (await database.execute<{ all: string }>(definitions))[0]?.all;
    await migratePostgres(postgres);
    const plain = await read();
    await database.execute(names.map((name) => `drop index ${name}`).join(";"));
    await buildIndexes(builder, postgresMigrations);
    expect(await read()).toBe(plain);
  });

  test("one that a killed process has begun is built anew", async () => {
    await migratePostgres(postgres);
    const before = await oid("record_entry_time");
    await database.execute("update pg_index set indisvalid = false where indexrelid = 'record_entry_time'::regclass");
    expect(await missing()).toEqual(["record_entry_time"]);
    await buildIndexes(builder, postgresMigrations);
    expect(await missing()).toEqual([]);
    expect(await oid("record_entry_time")).not.toBe(before);
  });

  test("while one is built, an older process goes on writing, and another new one leaves it alone", async () => {
    await migrate();
    // Building waits for transactions that have begun before.
    const sql = new SQL({ ...settingsOf(database), max: 1 });
    const transaction = await sql.reserve();
    await transaction`begin`;
    await transaction`insert into tag (tag_name, project_id) values ('older', 'p')`;
    const building = buildIndexes(builder, postgresMigrations);
    await eventually(async () => expect(await missing()).not.toContain("tag_project_id"), 20_000);
    await database.execute("insert into tag (tag_name, project_id) values ('meanwhile', 'p')");
    await transaction`commit`;
    transaction.release();
    await sql.close();
    await building;
    expect(await missing()).toEqual([]);
  }, 60_000);

  test("whoever may not make them is told, and works on without", async () => {
    await migrate();
    await database.execute(`
      do $$ begin create role flame_reader login; exception when duplicate_object then null; end $$;
      grant select, insert, update, delete on all tables in schema public to flame_reader`);
    const told: string[] = [];
    const warn = (event: string) => void told.push(event);
    const guest = { ...database.settings, user: "flame_reader" };
    await (await buildMissingIndexes(postgres, guest, { ...log, warn })).building;
    expect(told).toEqual(["database.indexes.failed"]);
    expect(await missing()).toEqual(names);
    await database.execute("drop owned by flame_reader");
  });
});

function settingsOf({ settings }: TestDatabase) {
  const { host, port, user, password, database } = settings;
  return { adapter: "postgres" as const, hostname: host, port, username: user, password, database };
}
