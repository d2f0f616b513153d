import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openSqlite, type Sqlite } from "../../src/database/sqlite-connection.ts";
import { AppError } from "../../src/errors.ts";
import { createDirectoryObjectStore } from "../../src/objects/directory/directory-object-store.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { createRecordOutcome, type RecordOutcome } from "../../src/submissions/record-outcome.ts";
import { createRollback } from "../../src/submissions/rollback.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import { type SubmissionStore, submissionKey } from "../../src/submissions/store/submission-store.ts";
import { createWaitingClients, type WaitingClients } from "../../src/submissions/waiting-clients.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";
import { newSubmission } from "./new-submission.ts";

const mine = { holder: "me", leaseMs: 60_000 };
const theirs = { holder: "them", leaseMs: 60_000 };
const conflict = new AppError("conflict", "The name is taken");
const refused = new AppError("hub_unexpected", "Hub returned an unexpected response (403)", {
  upstream: { status: 403 },
});
const away = new AppError("hub_unreachable", "The Hub cannot be reached");

let dir: string;
let sqlite: Sqlite;
let store: SubmissionStore;
let objects: ObjectStore;
let clients: WaitingClients;
let recordOutcome: RecordOutcome;
let passedMs = 0;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "flame-outcome-"));
  sqlite = openSqlite(join(dir, "catalog.sqlite"));
  await migrateSqlite(sqlite);
  passedMs = 0;
  store = createSqliteSubmissions(sqlite, () => Date.now() + passedMs);
  objects = createDirectoryObjectStore({ root: join(dir, "objects") });
  clients = createWaitingClients(60_000);
  const { log } = createTestLog();
  const rollback = createRollback({ store, objects, log });
  recordOutcome = createRecordOutcome({
    store,
    objects,
    clients,
    rollback,
    lease: mine,
    retryMaxMs: 60_000,
    random: () => 0,
    log,
  });
});
afterEach(async () => {
  await sqlite.close();
  rmSync(dir, { recursive: true });
});

async function hold() {
  const added = newSubmission();
  const options = { contentType: "text/plain", filename: "x" };
  await objects.put(submissionKey(added.id), new Blob(["content"]).stream(), options);
  await store.add(added, mine);
  return { ...added, attempts: 1 };
}
const isKept = async (id: string) => (await objects.stat(submissionKey(id))) !== undefined;

test("a refusal that the client waits for leaves neither row nor file, before it is told", async () => {
  const submission = await hold();
  const answer = clients.wait(submission.id, submission.analysisId).catch(async (error: AppError) => {
    return [error.code, await store.find(submission.id), await isKept(submission.id)];
  });
  await recordOutcome(submission, { kind: "no", error: refused });
  expect(await answer).toEqual(["hub_unexpected", undefined, false]);
});

test("a refusal after the client was promised a delivery keeps the file for an operator", async () => {
  const submission = await hold();
  await recordOutcome(submission, { kind: "no", error: refused });
  expect(await store.find(submission.id)).toMatchObject({ state: "rejected", lastError: refused.message });
  expect(await isKept(submission.id)).toBe(true);
});

test("a name clash after the client was promised a delivery is tried again at once, under another name", async () => {
  const submission = await hold();
  await recordOutcome(submission, { kind: "no", error: conflict });
  expect(await store.claim(mine)).toMatchObject({ id: submission.id, attempts: 2 });
});

test("a failure that may pass dismisses all clients of the analysis", async () => {
  const submission = await hold();
  const answers = [clients.wait(submission.id, submission.analysisId), clients.wait("next", submission.analysisId)];
  await recordOutcome(submission, { kind: "later", error: away });
  expect(await Promise.all(answers)).toEqual(["queued", "queued"]);
  expect(await store.find(submission.id)).toMatchObject({ state: "queued", lastError: away.message });
  expect(await isKept(submission.id)).toBe(true);
});

test("an unforeseen error loses nothing and shows nothing of itself", async () => {
  const submission = await hold();
  await recordOutcome(submission, { kind: "later", error: new TypeError("secret is not a function") });
  expect(await store.find(submission.id)).toMatchObject({ state: "queued", lastError: "Internal error" });
});

test("a delivery that was put on record, though the database's answer got lost, leaves no file", async () => {
  const submission = await hold();
  await store.markDelivered(submission.id, mine.holder);
  await recordOutcome(submission, { kind: "delivered" });
  expect(await isKept(submission.id)).toBe(false);
});

test("a delivery put on record by a statement of which the database never told leaves no file", async () => {
  const submission = await hold();
  const { markDelivered } = store;
  store.markDelivered = async (...row) => {
    await markDelivered(...row);
    throw new AppError("database", "The database is not available", { uncertain: true });
  };
  const answer = clients.wait(submission.id, submission.analysisId);
  await recordOutcome(submission, { kind: "delivered" });
  expect(await answer).toBe("delivered");
  await eventually(async () => expect(await isKept(submission.id)).toBe(false));
});

test("a delivery that could not be put on record keeps its file for the next attempt", async () => {
  const submission = await hold();
  store.markDelivered = async () => {
    throw new AppError("database", "The database is not available", { uncertain: true });
  };
  await recordOutcome(submission, { kind: "delivered" });
  await Bun.sleep(1_500);
  expect(await isKept(submission.id)).toBe(true);
  expect(await store.find(submission.id)).toMatchObject({ state: "delivering" });
});

test("a delivered file that cannot be removed because the store is away goes when it is back", async () => {
  const submission = await hold();
  const { remove } = objects;
  objects.remove = async () => {
    throw new AppError("object_store", "Unexpected error from object store");
  };
  await recordOutcome(submission, { kind: "delivered" });
  expect(await isKept(submission.id)).toBe(true);
  objects.remove = remove;
  await eventually(async () => expect(await isKept(submission.id)).toBe(false));
});

test("whoever has lost the lease changes nothing, for another one is at work", async () => {
  for (const outcome of [
    { kind: "delivered" },
    { kind: "no", error: refused },
    { kind: "later", error: away },
  ] as const) {
    const submission = await hold();
    const answer = clients.wait(submission.id, submission.analysisId);
    passedMs += 120_000;
    expect(await store.claim(theirs)).toMatchObject({ id: submission.id });
    await recordOutcome(submission, outcome);
    expect(await answer).toBe(outcome.kind === "delivered" ? "delivered" : "queued");
    expect(await store.find(submission.id)).toMatchObject({ state: "delivering", attempts: 2 });
    expect(await isKept(submission.id)).toBe(true);
    expect(await store.markDelivered(submission.id, "them")).toBe(true);
  }
});
