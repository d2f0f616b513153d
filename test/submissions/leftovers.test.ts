import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openSqlite, type Sqlite } from "../../src/database/sqlite-connection.ts";
import { createDirectoryObjectStore } from "../../src/objects/directory.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { listSweeps } from "../../src/results/leftovers.ts";
import { createReconciler } from "../../src/results/reconciler.ts";
import { createSqliteSubmissions } from "../../src/submissions/sqlite-submissions.ts";
import { type SubmissionStore, submissionKey } from "../../src/submissions/submission-store.ts";
import { createTestLog } from "../support/log.ts";
import { newSubmission } from "./contract.ts";

const hour = 3_600_000;
const day = 24 * hour;
const lease = { holder: "me", leaseMs: 60_000 };

let dir: string;
let sqlite: Sqlite;
let store: SubmissionStore;
let objects: ObjectStore;
let laterMs = 0;
const now = () => Date.now() + laterMs;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "flame-leftovers-"));
  laterMs = 0;
  sqlite = openSqlite(join(dir, "catalog.sqlite"));
  await migrateSqlite(sqlite);
  store = createSqliteSubmissions(sqlite, now);
  objects = createDirectoryObjectStore({ root: join(dir, "objects") });
});
afterEach(async () => {
  await sqlite.close();
  rmSync(dir, { recursive: true });
});

const putObject = (key: string) =>
  objects.put(key, new Blob(["content"]).stream(), { contentType: "text/plain", filename: "x" });
const keys = async () => (await Array.fromAsync(objects.list(""))).sort();
async function addWithFile() {
  const added = newSubmission({ analysisId: crypto.randomUUID() });
  await putObject(submissionKey(added.id));
  await store.add(added, lease);
  return added.id;
}

async function reconcile(isAlone = false, spool = { sweep: async () => 0 }) {
  const { log, lines } = createTestLog();
  const sweeps = listSweeps({ objects, submissions: store, spool, keepMs: 30 * day, isAlone, now });
  await createReconciler(sweeps, log).run();
  return lines;
}

test("files of pending and rejected submissions stay, those of delivered ones go", async () => {
  const [pending, rejected, delivered] = [await addWithFile(), await addWithFile(), await addWithFile()];
  await store.markRejected(rejected, "me", "no");
  await store.markDelivered(delivered, "me");
  laterMs = 2 * hour;
  await reconcile();
  expect(await keys()).toEqual([submissionKey(pending), submissionKey(rejected)].sort());
});

test("a file without a row goes after an hour: its row may be about to be written", async () => {
  await putObject(submissionKey(crypto.randomUUID()));
  await reconcile();
  expect(await keys()).toHaveLength(1);
  laterMs = 1.01 * hour;
  await reconcile();
  expect(await keys()).toEqual([]);
});

test("a process that is alone waits for nobody: what is older than itself goes at once", async () => {
  await putObject(submissionKey(crypto.randomUUID()));
  await Bun.sleep(5);
  await reconcile(true);
  expect(await keys()).toEqual([]);
});

test("only files of submissions are looked at", async () => {
  const foreign = [`local/${crypto.randomUUID()}/${crypto.randomUUID()}`, "submissions/not-ours"];
  for (const key of foreign) await putObject(key);
  laterMs = 100 * day;
  await reconcile();
  expect(await keys()).toEqual(foreign.sort());
});

test("what is over can be looked up for so long, and is forgotten then, a rejected one with its file", async () => {
  const [rejected, delivered, pending] = [await addWithFile(), await addWithFile(), await addWithFile()];
  await store.markRejected(rejected, "me", "no");
  await store.markDelivered(delivered, "me");
  laterMs = 29 * day;
  await reconcile();
  expect(await store.list(["delivered", "rejected"])).toHaveLength(2);
  laterMs = 31 * day;
  await reconcile();
  expect(await store.list(["delivered", "rejected"])).toEqual([]);
  expect(await keys()).toEqual([submissionKey(pending)]);
});

test("one kind of leftovers that cannot be removed does not keep the others", async () => {
  await putObject(submissionKey(crypto.randomUUID()));
  laterMs = 2 * hour;
  const broken = { sweep: () => Promise.reject(new Error("no such folder")) };
  const lines = await reconcile(false, broken);
  expect(lines.map(({ event }) => event)).toContain("leftovers.sweep.failed");
  expect(await keys()).toEqual([]);
});
