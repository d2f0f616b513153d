import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { createSqliteCatalog } from "../../src/catalog/sqlite.ts";
import { listPendingSqliteMigrations, migrateSqlite, sqliteMigrations } from "../../src/database/migrate-sqlite.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import { describeCatalog, newEntry } from "./contract.ts";

const allMigrations = sqliteMigrations.map(({ name }) => name);

const dir = mkdtempSync(join(tmpdir(), "flame-catalog-"));
afterAll(() => rmSync(dir, { recursive: true }));
const newPath = () => join(dir, `${crypto.randomUUID()}.sqlite`);

async function openMigrated(path = newPath()) {
  const sqlite = openSqlite(path);
  await migrateSqlite(sqlite);
  return sqlite;
}

describeCatalog("SQLite catalog", async () => {
  const path = newPath();
  const [sqlite, another] = [await openMigrated(path), openSqlite(path)];
  return {
    catalog: createSqliteCatalog(sqlite),
    other: createSqliteCatalog(another),
    submissions: createSqliteSubmissions(sqlite, Date.now),
    countRows: (table) =>
      sqlite.run((db) => db.all<{ n: number }>(sql`select count(*) as n from ${sql.identifier(table)}`)[0]?.n ?? -1),
    async dispose() {
      await Promise.all([sqlite.close(), another.close()]);
    },
  };
});

describe("SQLite file", () => {
  test("what was tagged is there after a restart", async () => {
    const path = newPath();
    const entry = newEntry();
    const before = createSqliteCatalog(await openMigrated(path));
    await before.tag(entry);
    await before.close();

    const after = createSqliteCatalog(await openMigrated(path));
    expect(await after.findFilename(entry.clientId, entry.objectId)).toBe(entry.filename);
    await after.close();
  });

  test("commits reach the disk before they are reported, and foreign keys hold", async () => {
    const sqlite = await openMigrated();
    const pragma = (name: string) => sqlite.run((db) => Object.values(db.get<object>(sql.raw(`pragma ${name}`)))[0]);
    expect(await pragma("journal_mode")).toBe("wal");
    expect(await pragma("synchronous")).toBe(2);
    expect(await pragma("foreign_keys")).toBe(1);
    await sqlite.close();
  });

  test("a full disk is told apart from other failures, and leaves nothing half-written", async () => {
    const sqlite = await openMigrated();
    const catalog = createSqliteCatalog(sqlite);
    const { projectId } = newEntry();
    await sqlite.run((db) => db.get(sql`pragma max_page_count = 12`));
    const fill = async () => {
      for (let i = 0; i < 1000; i += 1) {
        await catalog.tag(newEntry({ projectId, tagName: `tag-${i}`, filename: "x".repeat(255) }));
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: "storage_full" });
    for (const tagName of await catalog.listTags(projectId)) {
      expect(await catalog.listTagged(projectId, tagName)).toHaveLength(1);
    }
    await catalog.close();
  });

  test("a closed or unusable file is a database error that names the file to the operator only", async () => {
    const path = newPath();
    const catalog = createSqliteCatalog(openSqlite(path));
    const failure = await catalog.listTags("never migrated").catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "database", message: "The database is not available" });
    expect(failure).toHaveProperty("operatorDetail", expect.stringContaining(path));
    await catalog.close();
    await expect(catalog.check()).rejects.toMatchObject({ code: "database" });
    expect(() => openSqlite(join(dir, "no", "such", "folder.sqlite"))).toThrow("The database is not available");

    const noDatabase = newPath();
    await Bun.write(noDatabase, "this is a text, and a rather long one, but no database of any kind".repeat(20));
    expect(() => openSqlite(noDatabase)).toThrow("The database is not available");
  });
});

describe("SQLite migrations", () => {
  test("are applied once", async () => {
    const sqlite = openSqlite(newPath());
    expect(await listPendingSqliteMigrations(sqlite)).toEqual(allMigrations);
    expect(await migrateSqlite(sqlite)).toEqual(allMigrations);
    expect(await migrateSqlite(sqlite)).toEqual([]);
    expect(await listPendingSqliteMigrations(sqlite)).toEqual([]);
    await sqlite.close();
  });

  test("that fail leave nothing behind", async () => {
    const sqlite = openSqlite(newPath());
    const broken = [
      { name: "0000_broken", sql: "create table kept (id);\n--> statement-breakpoint\ncreate nonsense;" },
    ];
    await expect(migrateSqlite(sqlite, broken)).rejects.toMatchObject({ code: "database" });
    expect(await listPendingSqliteMigrations(sqlite)).toEqual(allMigrations);
    expect(await sqlite.run((db) => db.all(sql`select name from sqlite_schema`))).toEqual([]);
    await sqlite.close();
  });

  test("of a newer version are refused", async () => {
    const sqlite = await openMigrated();
    await sqlite.run((db) => db.run(sql`insert into flame_result_migration (name) values ('9999_future')`));
    await expect(migrateSqlite(sqlite)).rejects.toThrow(/newer version.*9999_future/);
    await expect(listPendingSqliteMigrations(sqlite)).rejects.toThrow(/newer version.*9999_future/);
    await sqlite.close();
  });
});
