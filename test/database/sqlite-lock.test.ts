import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSqliteCatalog } from "../../src/catalog/sqlite.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";

const locker = `
  const { Database } = require("bun:sqlite");
  const db = new Database(process.argv[1]);
  db.run("pragma busy_timeout = 5000");
  db.run("begin exclusive");
  process.stdout.write("locked");
  process.stdin.once("data", () => { db.run("commit"); process.exit(0); });
`;

/** A process that holds the file until it is told to let go. */
async function lock(path: string) {
  const child = Bun.spawn([process.execPath, "-e", locker, path], { stdin: "pipe", stdout: "pipe" });
  const reader = child.stdout.getReader();
  await reader.read();
  return async () => {
    child.stdin.write("go\n");
    child.stdin.flush();
    await child.exited;
  };
}

const entry = {
  projectId: crypto.randomUUID(),
  clientId: crypto.randomUUID(),
  objectId: crypto.randomUUID(),
  tagName: "kept",
  filename: "kept.txt",
};

test("another process' lock lets everything else go on, and what waits is done after it", async () => {
  const dir = mkdtempSync(join(tmpdir(), "flame-result-lock-"));
  const sqlite = openSqlite(join(dir, "catalog.sqlite"));
  await migrateSqlite(sqlite);
  const catalog = createSqliteCatalog(sqlite);
  const release = await lock(join(dir, "catalog.sqlite"));

  let isDone = false;
  const tagged = catalog.tag(entry).then(() => {
    isDone = true;
  });
  // Turns of the loop that a blocked one would not have.
  for (let turns = 0; turns < 10; turns += 1) await Bun.sleep(5);
  expect(isDone).toBe(false);
  await release();
  await tagged;
  expect(await catalog.listTags(entry.projectId)).toEqual(["kept"]);

  const releaseAgain = await lock(join(dir, "catalog.sqlite"));
  const impatient = openSqlite(join(dir, "catalog.sqlite"), 60);
  await expect(createSqliteCatalog(impatient).tag(entry)).rejects.toMatchObject({
    code: "database",
    operatorDetail: expect.stringContaining("SQLITE_BUSY"),
  });
  await impatient.close();
  await releaseAgain();
  await sqlite.close();
  rmSync(dir, { recursive: true });
});

test("a file that is locked when it is opened is used once it is free", async () => {
  const dir = mkdtempSync(join(tmpdir(), "flame-result-lock-"));
  const path = join(dir, "catalog.sqlite");
  const release = await lock(path);
  const sqlite = openSqlite(path);
  const migrated = migrateSqlite(sqlite);
  await Bun.sleep(50);
  await release();
  expect(await migrated).not.toEqual([]);
  await sqlite.close();
  rmSync(dir, { recursive: true });
});
