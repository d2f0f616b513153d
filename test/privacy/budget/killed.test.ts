import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migratePostgres } from "../../../src/database/migrate-postgres.ts";
import { migrateSqlite } from "../../../src/database/migrate-sqlite.ts";
import { openPostgres } from "../../../src/database/postgres-connection.ts";
import { openSqlite } from "../../../src/database/sqlite-connection.ts";
import type { BudgetStore } from "../../../src/privacy/budget/budget-store.ts";
import { createPostgresBudget } from "../../../src/privacy/budget/postgres-budget.ts";
import { createSqliteBudget } from "../../../src/privacy/budget/sqlite-budget.ts";
import { createTestDatabase, testPostgresUrl } from "../../support/postgres-database.ts";

const kills = Number(Bun.env.BUDGET_KILLS ?? "10");
const atOnce = 4;
const limitMs = 60_000 + kills * 4_000;

/** Spends until it is killed at a random moment; again and again, and until something was drawn at all. Tells how often. */
async function killAgainAndAgain(place: string, projectId: string, drawn: string): Promise<number> {
  const path = new URL("./worker.ts", import.meta.url).pathname;
  let times = 0;
  for (; times < kills || (!existsSync(drawn) && times < 10 * kills); times += 1) {
    const command = [process.execPath, path, place, projectId, drawn, String(atOnce)];
    const worker = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
    const reader = worker.stdout.getReader();
    await reader.read();
    await Bun.sleep(Math.random() * 150);
    worker.kill("SIGKILL");
    await worker.exited;
    await reader.cancel();
  }
  return times;
}

/** Never below what was drawn, and above it by at most what was under way at each kill. */
async function expectCovered(store: BudgetStore, projectId: string, drawn: string, times: number): Promise<void> {
  const draws = existsSync(drawn) ? statSync(drawn).size : 0;
  const { spent, releases } = await store.find(projectId);
  expect(spent).toEqual({ units: BigInt(releases), scale: 0 });
  expect(releases).toBeGreaterThanOrEqual(draws);
  expect(releases).toBeLessThanOrEqual(draws + times * atOnce);
  await store.releaseAll();
  const reconciled = await store.find(projectId);
  expect(reconciled.releases).toBeGreaterThanOrEqual(draws);
  const rows = await store.listReleases(projectId, new Date(0));
  expect(rows).toHaveLength(reconciled.releases);
  expect(draws).toBeGreaterThan(0);
}

test(
  "on SQLite, the ledger covers what was drawn by processes that were killed",
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "flame-budget-killed-"));
    const path = join(dir, "catalog.sqlite");
    const sqlite = openSqlite(path);
    await migrateSqlite(sqlite);
    const projectId = crypto.randomUUID();
    const times = await killAgainAndAgain(path, projectId, join(dir, "drawn"));
    await expectCovered(createSqliteBudget(sqlite, Date.now, undefined), projectId, join(dir, "drawn"), times);
    await sqlite.close();
    rmSync(dir, { recursive: true });
  },
  limitMs,
);

describe.skipIf(testPostgresUrl === undefined)("on PostgreSQL", () => {
  test(
    "the ledger covers what was drawn by processes that were killed",
    async () => {
      const dir = mkdtempSync(join(tmpdir(), "flame-budget-killed-"));
      const database = await createTestDatabase();
      const postgres = openPostgres(database.settings);
      await migratePostgres(postgres);
      const projectId = crypto.randomUUID();
      const times = await killAgainAndAgain(JSON.stringify(database.settings), projectId, join(dir, "drawn"));
      await expectCovered(createPostgresBudget(postgres, undefined), projectId, join(dir, "drawn"), times);
      await postgres.close();
      await database.drop();
      rmSync(dir, { recursive: true });
    },
    limitMs,
  );
});
