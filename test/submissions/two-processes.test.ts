import { afterEach, beforeEach, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openSqlite, type Sqlite } from "../../src/database/sqlite-connection.ts";
import type { Hub } from "../../src/hub/hub.ts";
import { createDirectoryObjectStore } from "../../src/objects/directory/directory-object-store.ts";
import { openQueue } from "../../src/submissions/open-queue.ts";
import type { SubmissionQueue } from "../../src/submissions/queue.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import { SEED, type ServedHub, serveHub } from "../hub/serve-hub.ts";
import { createTestLog } from "../support/log.ts";

/** Far longer than any of these tests may take. */
const waitMs = 60_000;

let dir: string;
let sqlite: Sqlite;
let served: ServedHub;
let queues: SubmissionQueue[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "flame-two-queues-"));
  sqlite = openSqlite(join(dir, "catalog.sqlite"));
  await migrateSqlite(sqlite);
  served = serveHub({ generation: "2026" });
  queues = [];
});
afterEach(async () => {
  await Promise.all(queues.map((queue) => queue.stop()));
  await served.stop();
  await sqlite.close();
  rmSync(dir, { recursive: true });
});

/** A queue as another process would have it, on the same storage. */
function startQueue(hub: Hub): SubmissionQueue {
  const queue = openQueue({
    store: createSqliteSubmissions(sqlite, Date.now),
    objects: createDirectoryObjectStore({ root: join(dir, "objects") }),
    hub,
    waitMs,
    retryMaxMs: 60_000,
    newId: () => crypto.randomUUID(),
    newHash: () => {
      const hash = createHash("sha256");
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("hex") };
    },
    random: () => 0,
    log: createTestLog().log,
  });
  queues.push(queue);
  return queue;
}

/** A Hub whose uploads begin when it is told. */
function slowHub(): { readonly hub: Hub; go(): void; readonly uploadBegan: Promise<void> } {
  const hub = served.connect();
  const began = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  return {
    hub: {
      ...hub,
      async upload(bucketId, upload) {
        began.resolve();
        await gate.promise;
        return hub.upload(bucketId, upload);
      },
    },
    go: gate.resolve,
    uploadBegan: began.promise,
  };
}

const final = (filename: string) => ({
  analysisId: SEED.analysis1.id,
  filename,
  contentType: "text/plain",
  body: new Blob([filename]).stream(),
});

test("a client is told at once of a delivery that another process makes", async () => {
  const slow = slowHub();
  const theirs = startQueue(slow.hub);
  theirs.start();
  // This one has no loop of its own: whatever becomes of its submission, the other one does it.
  const mine = startQueue(served.connect());
  const first = theirs.submit(final("first.txt"));
  await slow.uploadBegan;
  const second = mine.submit(final("second.txt"));
  await Bun.sleep(50);
  slow.go();
  expect([(await first).verdict, (await second).verdict]).toEqual(["delivered", "delivered"]);
}, 20_000);

test("a client is told at once that its submission has to wait, when another process could not deliver it", async () => {
  const slow = slowHub();
  const refused = new Set<string>();
  const theirs = startQueue({
    ...slow.hub,
    async upload(bucketId, upload) {
      if (upload.path !== "second.txt") return slow.hub.upload(bucketId, upload);
      refused.add(upload.path);
      throw Object.assign(new Error("not foreseen"));
    },
  });
  theirs.start();
  const mine = startQueue(served.connect());
  const first = theirs.submit(final("first.txt"));
  await slow.uploadBegan;
  const second = mine.submit(final("second.txt"));
  await Bun.sleep(50);
  slow.go();
  expect((await first).verdict).toBe("delivered");
  expect([(await second).verdict, refused.size]).toEqual(["queued", 1]);
}, 20_000);
