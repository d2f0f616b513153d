import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createPostgresCatalog } from "../../src/catalog/postgres.ts";
import {
  listPendingPostgresMigrations,
  migratePostgres,
  postgresMigrations,
} from "../../src/database/migrate-postgres.ts";
import { openPostgres, type Postgres } from "../../src/database/postgres-connection.ts";
import { newEntry } from "../catalog/contract.ts";
import { createTestDatabase, type TestDatabase, testPostgresUrl } from "../support/postgres-database.ts";

const allMigrations = postgresMigrations.map(({ name }) => name);

const readDump = (name: string) => Bun.file(new URL(`../fixtures/python-database/${name}`, import.meta.url)).text();
const oldDump = await readDump("v0.1.4-no-cascade.sql");
const newDump = await readDump("storage-service.sql");
const dumps = { "0.1.4, without cascade": oldDump, "its successor's, with cascade and a history of its own": newDump };

const foreign: Record<string, { readonly script: string; readonly message: RegExp }> = {
  "another type": {
    script: "alter table tag alter column project_id type text",
    message: /table "tag", column "project_id": the type is text, not character varying\(255\)/,
  },
  "a missing column": {
    script: "alter table result drop column filename",
    message: /table "result" has no column "filename"/,
  },
  "an unknown column that must be filled": {
    script:
      "alter table result add column size integer; update result set size = 1; alter table result alter column size set not null",
    message: /table "result", column "size": the column is unknown, yet must be filled/,
  },
  "a column that may be NULL": {
    script: "alter table tag alter column tag_name drop not null",
    message: /table "tag", column "tag_name": NULL is allowed/,
  },
  "ids that nothing counts": {
    script: "alter table taggedresult alter column id drop default",
    message: /table "taggedresult", column "id": nothing numbers new rows/,
  },
  "no primary key": {
    script: "alter table taggedresult drop constraint taggedresult_pkey",
    message: /table "taggedresult", column "id" is not the primary key/,
  },
  "a link to a table of someone else": {
    script:
      "create table other (id integer primary key); alter table tag add foreign key (id) references other (id) not valid",
    message: /the foreign key "tag_id_fkey" on table "tag", column "id" refers to "other"/,
  },
  "an index of ours that is something else": {
    script: "drop index tag_tag_name_project_id; create index tag_tag_name_project_id on tag (tag_name)",
    message: /"tag_tag_name_project_id" is not an index on table "tag" \(tag_name, project_id\)/,
  },
  "a view in place of a table": {
    script: "alter table tag rename to real_tag; create view tag as select * from real_tag",
    message: /"tag" is not a plain table/,
  },
  "two tags of one name": {
    script:
      "drop index tag_tag_name_project_id; insert into tag (tag_name, project_id) select tag_name, project_id from tag",
    message: /tag_tag_name_project_id.*\(tag_name, project_id\)=.* is duplicated/,
  },
  "links to nothing": {
    script:
      "alter table taggedresult drop constraint taggedresult_tag_id_fkey; insert into taggedresult (tag_id, result_id) values (99, 1)",
    message: /taggedresult_tag_id_fkey.*\(tag_id\)=\(99\)/,
  },
};

describe.skipIf(testPostgresUrl === undefined)("A Python service's PostgreSQL database", () => {
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

  for (const [name, dump] of Object.entries(dumps)) {
    test(`(${name}) is adopted with every row, and is then as a fresh one`, async () => {
      await database.execute(dump);
      const rows = await readRows(database);
      expect(rows.map((list) => list.length)).toEqual([6, 12, 24]);

      expect(await migratePostgres(postgres)).toEqual(allMigrations);
      expect(await readRows(database)).toEqual(rows);
      expect(await readStructure(database)).toEqual(await readFreshStructure());
      expect(await migratePostgres(postgres)).toEqual([]);
      expect(await readRows(database)).toEqual(rows);

      const catalog = createPostgresCatalog(postgres);
      const projectId = "6513270e-269e-4d37-b2a7-4de452e6b438";
      expect(await catalog.listTags(projectId)).toEqual(["a", "model-1", "result--1"]);
      expect(await catalog.listTagged(projectId, "result--1")).toEqual([
        { objectId: "90c192cf-d3ac-44af-8f21-ddb66cad4a26", filename: "weights.pkl" },
        { objectId: "0cb1e29c-658c-4a14-95e6-0af593bd04cf", filename: "weights.pkl" },
      ]);
      await catalog.tag(newEntry({ projectId, tagName: "a" }));
      expect(await catalog.listTagged(projectId, "a")).toHaveLength(7);
      await catalog.removeProject(projectId);
      expect((await readRows(database)).map((list) => list.length)).toEqual([3, 6, 12]);
    });
  }

  test("the history of the Python service's own migrations is left alone", async () => {
    await database.execute(newDump);
    const readHistory = () => database.execute("select * from storage_service_migration_history");
    const history = await readHistory();
    await migratePostgres(postgres);
    expect(await readHistory()).toEqual(history);
  });

  test("the links of an adopted database go with their tag and with their result", async () => {
    await database.execute(oldDump);
    await migratePostgres(postgres);
    await database.execute("delete from tag where id = 1; delete from result where id = 12");
    const links = await database.execute(
      "select tag_id, result_id from taggedresult where tag_id = 1 or result_id = 12",
    );
    expect(links).toEqual([]);
  });

  test("foreign keys of any name, and twice over, give way to one that cascades", async () => {
    await database.execute(`${oldDump}
      alter table taggedresult rename constraint taggedresult_tag_id_fkey to some_other_name;
      alter table taggedresult add constraint taggedresult_tag_id_fkey foreign key (result_id) references result (id);
      alter table taggedresult add foreign key (tag_id) references tag (id) on delete cascade not valid;`);
    await migratePostgres(postgres);
    expect(await readStructure(database)).toEqual(await readFreshStructure());
  });

  test("missing foreign keys and indexes are made", async () => {
    await database.execute(`${oldDump}
      alter table taggedresult drop constraint taggedresult_tag_id_fkey, drop constraint taggedresult_result_id_fkey;
      drop index result_client_id_object_id, tag_tag_name_project_id, taggedresult_result_id, taggedresult_tag_id;`);
    await migratePostgres(postgres);
    expect(await readStructure(database)).toEqual(await readFreshStructure());
  });

  test("a unique constraint under another name does not keep the catalog from working", async () => {
    await database.execute(`${oldDump}
      drop index result_client_id_object_id, tag_tag_name_project_id;
      alter table tag add constraint their_own unique (tag_name, project_id);`);
    await migratePostgres(postgres);
    const entry = newEntry();
    expect(await createPostgresCatalog(postgres).tag(entry)).toEqual({ knownAs: entry.filename });
  });

  test("sequences that a restored backup left behind are moved on, others are not", async () => {
    await database.execute(`${oldDump.replaceAll(/^SELECT pg_catalog.setval.*$/gm, "")}
      select setval('tag_id_seq', 1000);`);
    await migratePostgres(postgres);
    const entry = newEntry();
    await createPostgresCatalog(postgres).tag(entry);
    const [tags, results, links] = await readRows(database);
    expect(tags?.at(-1)).toMatchObject({ id: 1001 });
    expect(results?.at(-1)).toMatchObject({ id: 13 });
    expect(links?.at(-1)).toMatchObject({ id: 25 });
  });

  test("extra columns that may stay empty are no hindrance", async () => {
    await database.execute(
      `${oldDump} alter table result add column note text, add column at timestamptz not null default now()`,
    );
    await migratePostgres(postgres);
    const entry = newEntry();
    expect(await createPostgresCatalog(postgres).tag(entry)).toEqual({ knownAs: entry.filename });
  });

  for (const [name, { script, message }] of Object.entries(foreign)) {
    test(`with ${name} is refused by name and left as it was`, async () => {
      await database.execute(`${oldDump} ${script}`);
      const [structure, rows] = [await readStructure(database), await readRows(database)];
      const failure = await migratePostgres(postgres).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "MigrationError", message: expect.stringMatching(message) });
      expect(await readStructure(database)).toEqual(structure);
      expect(await readRows(database)).toEqual(rows);
      expect(await listPendingPostgresMigrations(postgres)).toEqual(allMigrations);
    });
  }
});

async function readRows(database: TestDatabase) {
  return await Promise.all(
    ["tag", "result", "taggedresult"].map((table) => database.execute(`select * from ${table} order by id`)),
  );
}

/** Everything about the three tables that decides how they behave. */
function readStructure(database: TestDatabase) {
  return database.execute(`
    select c.relname as on_table, 'column' as kind, a.attname::text as name,
      concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) as definition
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relname in ('tag', 'result', 'taggedresult')
    union all
    select conrelid::regclass::text, 'constraint', conname, pg_get_constraintdef(oid) from pg_constraint
    where conrelid::regclass::text in ('tag', 'result', 'taggedresult')
    union all
    select tablename, 'index', indexname, indexdef from pg_indexes where tablename in ('tag', 'result', 'taggedresult')
    union all
    select sequencename, 'sequence', data_type::text, concat_ws(' ', start_value, increment_by, max_value, cycle)
    from pg_sequences where sequencename in ('tag_id_seq', 'result_id_seq', 'taggedresult_id_seq')
    order by 1, 2, 3`);
}

async function readFreshStructure() {
  const fresh = await createTestDatabase();
  const postgres = openPostgres(fresh.settings);
  try {
    await migratePostgres(postgres);
    return await readStructure(fresh);
  } finally {
    await postgres.close();
    await fresh.drop();
  }
}
