import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createPostgresRecord } from "../../src/record/postgres-record.ts";
import type { RecordStore } from "../../src/record/record-store.ts";
import { createSqliteRecord } from "../../src/record/sqlite-record.ts";
import { verifyRecord } from "../../src/record/verify-record.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase, testPostgresUrl } from "../support/postgres-database.ts";

/** Of sealers; a hundred take a minute or two. */
const kills = Number(Bun.env.RECORD_KILLS ?? "10");

function startWorker(role: "write" | "seal", place: string, acknowledged: Set<string>) {
  const path = new URL("./worker.ts", import.meta.url).pathname;
  const worker = Bun.spawn([process.execPath, path, role, place], { stdout: "pipe", stderr: "inherit" });
  const ready = Promise.withResolvers<void>();
  const reading = (async () => {
    let rest = "";
    for await (const chunk of worker.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "ready") ready.resolve();
        else acknowledged.add(line);
      }
    }
  })();
  return {
    ready: ready.promise,
    async kill() {
      worker.kill("SIGKILL");
      await worker.exited;
      await reading;
    },
  };
}

/** One unbroken chain, with every acknowledged row in it once. */
async function expectWhole(store: RecordStore, acknowledged: ReadonlySet<string>): Promise<number> {
  await store.seal();
  const verified = await verifyRecord(store);
  expect(verified).toMatchObject({ firstSequence: 1, broken: undefined });
  const seen = new Map<string, number>();
  for (let after = 0; ; ) {
    const rows = await store.readAfter({}, after, 5_000);
    for (const { requestId = "" } of rows) seen.set(requestId, (seen.get(requestId) ?? 0) + 1);
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.sequence;
  }
  expect([...acknowledged].filter((id) => seen.get(id) !== 1)).toEqual([]);
  expect([...seen.values()].filter((times) => times > 1)).toEqual([]);
  return verified.rows;
}

describe.skipIf(testPostgresUrl === undefined)("on PostgreSQL", () => {
  test(
    "64 writers in two processes and sealers that are killed again and again make one chain",
    async () => {
      const database = await createTestDatabase();
      const postgres = openPostgres(database.settings);
      await migratePostgres(postgres);
      const place = JSON.stringify(database.settings);
      const acknowledged = new Set<string>();
      const writers = [startWorker("write", place, acknowledged), startWorker("write", place, acknowledged)];
      await Promise.all(writers.map(({ ready }) => ready));
      for (let killed = 0; killed < kills; killed += 1) {
        const sealer = startWorker("seal", place, acknowledged);
        await sealer.ready;
        const before = acknowledged.size;
        await eventually(() => expect(acknowledged.size).toBeGreaterThan(before), 30_000);
        await Bun.sleep(Math.random() * 200);
        await sealer.kill();
      }
      await Promise.all(writers.map(({ kill }) => kill()));
      const rows = await expectWhole(createPostgresRecord(postgres), acknowledged);
      expect(rows).toBeGreaterThanOrEqual(acknowledged.size);
      await postgres.close();
      await database.drop();
    },
    60_000 + kills * 10_000,
  );
});

test("on SQLite, a process that writes and seals is killed twenty times, and the chain stays whole", async () => {
  const dir = mkdtempSync(join(tmpdir(), "flame-record-killed-"));
  const path = join(dir, "catalog.sqlite");
  const sqlite = openSqlite(path);
  await migrateSqlite(sqlite);
  const store = createSqliteRecord(sqlite, Date.now);
  const acknowledged = new Set<string>();
  for (let kills = 0; kills < 20; kills += 1) {
    const worker = startWorker("write", path, acknowledged);
    await worker.ready;
    const before = acknowledged.size;
    await eventually(() => expect(acknowledged.size).toBeGreaterThan(before), 30_000);
    await Bun.sleep(Math.random() * 150);
    await worker.kill();
  }
  expect(await expectWhole(store, acknowledged)).toBeGreaterThanOrEqual(acknowledged.size);
  await sqlite.close();
  rmSync(dir, { recursive: true });
}, 240_000);
