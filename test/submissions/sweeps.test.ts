import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSqliteCatalog } from "../../src/catalog/sqlite.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openSqlite, type Sqlite } from "../../src/database/sqlite-connection.ts";
import { createSqliteDigests } from "../../src/digests/sqlite-digests.ts";
import { createDirectoryObjectStore } from "../../src/objects/directory/directory-object-store.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { createReconciler } from "../../src/results/reconciler.ts";
import { listSweeps } from "../../src/results/sweeps.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import { type SubmissionStore, submissionKey } from "../../src/submissions/store/submission-store.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";
import { newSubmission } from "./new-submission.ts";

const hour = 3_600_000;
const day = 24 * hour;
const lease = { holder: "me", leaseMs: 60_000 };

let dir: string;
let sqlite: Sqlite;
let store: SubmissionStore;
let objects: ObjectStore;
let laterMs = 0;
let setForwardMs = 0;
const now = () => Date.now() + laterMs + setForwardMs;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "flame-leftovers-"));
  laterMs = 0;
  setForwardMs = 0;
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

function start(isAlone = false, spool = { sweep: async () => 0 }) {
  const { log, lines } = createTestLog();
  const steadyNow = () => performance.now() + laterMs;
  const catalog = createSqliteCatalog(sqlite);
  const keepMs = 30 * day;
  const digests = createSqliteDigests(sqlite);
  const sweeps = listSweeps({ objects, catalog, submissions: store, digests, spool, keepMs, isAlone, now, steadyNow });
  const reconciler = createReconciler(sweeps, log);
  return async () => {
    await reconciler.run();
    return lines;
  };
}

const reconcile = (...how: Parameters<typeof start>) => start(...how)();

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

describe.each([true, false])("when the clock is set while the service runs, alone: %p", (isAlone) => {
  const files = () =>
    readdirSync(join(dir, "objects"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  /** One that is under way, and a final that has no row yet. */
  async function upload() {
    await Bun.sleep(10);
    const { readable, writable } = new TransformStream<Uint8Array>();
    const stored = objects.put(`local/${crypto.randomUUID()}/${crypto.randomUUID()}`, readable, {
      contentType: "text/plain",
      filename: "x",
    });
    await eventually(() => expect(readdirSync(join(dir, "objects", ".staging"))).toHaveLength(1));
    await putObject(submissionKey(crypto.randomUUID()));
    return async () => {
      const writer = writable.getWriter();
      await writer.write(new Uint8Array(10));
      await writer.close();
      return stored;
    };
  }

  test.each([2 * day, 400 * day, -hour, -2 * day])("by %i ms, what is fresh is not taken for left over", async (ms) => {
    const rejected = await addWithFile();
    await store.markRejected(rejected, "me", "no");
    const run = start(isAlone);
    const finish = await upload();
    setForwardMs = ms;
    expect(await run()).toEqual([]);
    expect(await keys()).toHaveLength(2);
    expect(await finish()).toBe(10);
    // What comes after that is as safe, dated as it is by the clock as set.
    const before = new Set(files());
    const finishNext = await upload();
    for (const path of files()) if (!before.has(path)) utimesSync(path, now() / 1000, now() / 1000);
    expect(await run()).toEqual([]);
    expect(await finishNext()).toBe(10);
    expect(await keys()).toHaveLength(5);
  });

  test("time still goes by, and what gets old is left over", async () => {
    const run = start(isAlone);
    await putObject(submissionKey(crypto.randomUUID()));
    setForwardMs = 400 * day;
    laterMs = 2 * hour;
    await run();
    expect(await keys()).toEqual([]);
  });
});

test("what a killed upload has left of a removed project goes, at once", async () => {
  const [removed, other] = [crypto.randomUUID(), crypto.randomUUID()];
  const kept = `local/${other}/${crypto.randomUUID()}`;
  await createSqliteCatalog(sqlite).removeProject(removed);
  for (const key of [`local/${removed}/${crypto.randomUUID()}`, kept]) await putObject(key);
  await reconcile();
  expect(await keys()).toEqual([kept]);
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

test("hashes of a removed project go, also where none are kept any more; those of others stay", async () => {
  const [removed, other, objectId] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  const digests = createSqliteDigests(sqlite);
  for (const projectId of [removed, other]) await digests.set(projectId, objectId, "0".repeat(64));
  await createSqliteCatalog(sqlite).removeProject(removed, [], "adapter");
  await reconcile();
  expect(await digests.find(removed, objectId)).toBeUndefined();
  expect(await digests.find(other, objectId)).toBe("0".repeat(64));
});
