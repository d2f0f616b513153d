import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgresConfig from "../../drizzle/postgres.config.ts";
import sqliteConfig from "../../drizzle/sqlite.config.ts";
import { postgresMigrations } from "../../src/database/migrate-postgres.ts";
import { sqliteMigrations } from "../../src/database/migrate-sqlite.ts";

const root = new URL("../..", import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), "flame-drizzle-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const dialects = [
  { name: "postgres", config: postgresConfig, migrations: postgresMigrations },
  { name: "sqlite", config: sqliteConfig, migrations: sqliteMigrations },
];

describe.each(dialects)("$name migrations", ({ name: folder, config, migrations }) => {
  const dir = join(root, "drizzle", folder);
  const listFiles = (path: string) => readdirSync(path).filter((file) => file.endsWith(".sql"));

  test("are all in the executable, in order", async () => {
    expect(migrations.map(({ name }) => `${name}.sql`)).toEqual(listFiles(dir).sort());
    for (const { name, sql } of migrations) {
      expect(sql).toBe(await Bun.file(join(dir, `${name}.sql`)).text());
    }
  });

  test("lead to the schema in the code: drizzle-kit finds nothing to add", async () => {
    cpSync(dir, join(scratch, folder), { recursive: true });
    const schemas = [config.schema ?? []].flat().map((path) => join(root, path));
    await Bun.write(
      join(scratch, `${folder}.json`),
      JSON.stringify({ dialect: config.dialect, schema: schemas, out: `./${folder}` }),
    );
    const drizzleKit = join(root, "node_modules/.bin/drizzle-kit");
    const { exitCode, stdout } = Bun.spawnSync(
      [process.execPath, "--bun", drizzleKit, "generate", "--config", `${folder}.json`],
      { cwd: scratch },
    );
    expect(stdout.toString()).toContain("No schema changes");
    expect(exitCode).toBe(0);
    expect(listFiles(join(scratch, folder))).toEqual(listFiles(dir));
  });
});
