import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../../src/catalog/catalog.ts";
import { createPostgresCatalog } from "../../src/catalog/postgres.ts";
import { createSqliteCatalog } from "../../src/catalog/sqlite.ts";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { AppError } from "../../src/errors.ts";
import { createDirectoryObjectStore } from "../../src/objects/directory/directory-object-store.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { createFinalResults } from "../../src/results/final.ts";
import { createLocalResults } from "../../src/results/local.ts";
import { createResultBuckets } from "../../src/results/result-bucket.ts";
import { createRollback } from "../../src/results/rollback.ts";
import { openQueue } from "../../src/submissions/open-queue.ts";
import { createPostgresSubmissions } from "../../src/submissions/store/postgres-submissions.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import type { SubmissionStore } from "../../src/submissions/store/submission-store.ts";
import { createLongWork } from "../../src/time/long-work.ts";
import { createTestLog } from "../support/log.ts";
import { createTestDatabase, testPostgresUrl } from "../support/postgres-database.ts";
import { fakeHub, hubAway, newSha256, uploadOf } from "./fakes.ts";

interface Replica {
  readonly catalog: Catalog;
  readonly submissions: SubmissionStore;
}

interface Database {
  /** Two processes on the same rows. */
  readonly replicas: readonly [Replica, Replica];
  countRows(table: string): Promise<number>;
  close(): Promise<void>;
}

const rounds = 25;
const putsPerRound = 24;
const analysesAtOnce = 8;

describe("a project that is removed while its analyses store results and submit finals", () => {
  test("SQLite: leaves nothing, and acknowledges nothing after the removal", () => race(openSqliteReplicas), 60_000);
  test.skipIf(testPostgresUrl === undefined)(
    "PostgreSQL, two replicas: leaves nothing, and acknowledges nothing after the removal",
    () => race(openPostgresReplicas),
    60_000,
  );
});

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "flame-removal-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

async function race(open: () => Promise<Database>): Promise<void> {
  const database = await open();
  const objects = createDirectoryObjectStore({ root: join(dir, crypto.randomUUID()) });
  const outcomes: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const projectId = crypto.randomUUID();
    // Set when the removal is on record: whoever looks from then on has to be refused.
    const removal = { isCommitted: false };
    const [one, two] = database.replicas.map((replica) => startReplica(replica, objects, projectId, removal));
    if (one === undefined || two === undefined) throw new Error("two replicas are needed");
    // However slow the machine is: the removal comes when so many were answered, and the others are under way.
    const answeredBefore = 1 + (round % (putsPerRound / 2));
    const isTime = Promise.withResolvers<void>();
    let answered = 0;
    const indexes = Array.from({ length: putsPerRound }, (_, index) => index + round).values();
    const putting = Array.from({ length: analysesAtOnce }, async (_, worker) => {
      for (const index of indexes) {
        outcomes.push(await (worker % 2 ? one : two).put(index));
        answered += 1;
        if (answered === answeredBefore) isTime.resolve();
      }
    });
    await isTime.promise;
    await two.remove();
    await Promise.all(putting);
    await Promise.all([one.stop(), two.stop()]);
  }
  expect(await Array.fromAsync(objects.list("local/"))).toEqual([]);
  expect(await Array.fromAsync(objects.list("submissions/"))).toEqual([]);
  for (const table of ["tag", "result", "taggedresult", "submission"]) {
    expect([table, await database.countRows(table)]).toEqual([table, 0]);
  }
  expect(await database.countRows("removed_project")).toBe(rounds);
  // Else it was no race.
  expect(new Set(outcomes)).toEqual(
    new Set(["local kept", "local not_found", "tagged kept", "tagged not_found", "final kept", "final not_found"]),
  );
  await database.close();
}

/** A process whose look-ups remember the project all the time, as those of another replica do. */
function startReplica(replica: Replica, objects: ObjectStore, projectId: string, removal: { isCommitted: boolean }) {
  const { log } = createTestLog();
  /** Whether the look that allowed this was begun after the removal: then it should not have. */
  const watched = <Args extends unknown[], T>(
    look: (...args: Args) => Promise<T>,
    isRefused: (value: T) => boolean,
  ) => {
    return async (...args: Args) => {
      const { isCommitted } = removal;
      const value = await look(...args);
      if (isCommitted && !isRefused(value)) throw new Error("acknowledged after the removal");
      return value;
    };
  };
  const catalog: Catalog = {
    ...replica.catalog,
    tag: watched(replica.catalog.tag, (tagged) => tagged === undefined),
    isRemoved: watched(replica.catalog.isRemoved, (isRemoved) => isRemoved),
    async removeProject(...args) {
      const ids = await replica.catalog.removeProject(...args);
      removal.isCommitted = true;
      return ids;
    },
  };
  const store = { ...replica.submissions, add: watched(replica.submissions.add, (place) => place === "removed") };
  const upload = async () => {
    throw hubAway;
  };
  const hub = fakeHub({ findProjectId: async () => projectId, projectExists: async () => false, upload });
  const newId = () => crypto.randomUUID();
  const queue = openQueue({
    store,
    objects,
    hub,
    waitMs: 20,
    retryMaxMs: 10,
    newId,
    newHash: newSha256,
    random: Math.random,
    log,
  });
  queue.start();
  const rollback = createRollback({ objects, catalog, log });
  const parts = { objects, catalog, submissions: store, hub, rollback, newId, log };
  const usageOf = async () => ({ bytes: 0, objects: 0 });
  const local = createLocalResults({ ...parts, adapterClientId: "adapter", usageOf });
  const buckets = createResultBuckets({ hub });
  const randomBytes = () => new Uint8Array();
  const final = createFinalResults({
    hub,
    buckets,
    queue,
    isQueued: true,
    randomBytes,
    longWork: createLongWork({ steadyNow: () => performance.now() }),
    log,
  });

  async function outcomeOf(kind: string, work: Promise<unknown>): Promise<string> {
    try {
      await work;
      return `${kind} kept`;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return `${kind} ${error.code}`;
    }
  }

  return {
    put(index: number): Promise<string> {
      const analysisId = crypto.randomUUID();
      if (index % 3 === 0) return outcomeOf("final", final.submit(analysisId, uploadOf("final")));
      if (index % 3 === 1) return outcomeOf("local", local.store(analysisId, uploadOf("untagged")));
      return outcomeOf("tagged", local.store(analysisId, uploadOf("tagged", { tag: `tag-${index % 4}` })));
    },
    remove: () => local.removeProject(projectId),
    async stop() {
      await queue.stop();
      await rollback.close();
    },
  };
}

async function openSqliteReplicas(): Promise<Database> {
  const path = join(dir, "catalog.sqlite");
  const connections = [openSqlite(path), openSqlite(path)] as const;
  await migrateSqlite(connections[0]);
  const replicaOn = (sqlite: (typeof connections)[0]) => ({
    catalog: createSqliteCatalog(sqlite),
    submissions: createSqliteSubmissions(sqlite, Date.now),
  });
  return {
    replicas: [replicaOn(connections[0]), replicaOn(connections[1])],
    countRows: (table) => connections[0].run((db) => db.all(`select 1 from ${table}`).length),
    async close() {
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

async function openPostgresReplicas(): Promise<Database> {
  const database = await createTestDatabase();
  const connections = [openPostgres(database.settings), openPostgres(database.settings)] as const;
  await migratePostgres(connections[0]);
  const replicaOn = (postgres: (typeof connections)[0]) => ({
    catalog: createPostgresCatalog(postgres),
    submissions: createPostgresSubmissions(postgres),
  });
  return {
    replicas: [replicaOn(connections[0]), replicaOn(connections[1])],
    countRows: async (table) => (await database.execute(`select 1 from ${table}`)).length,
    async close() {
      await Promise.all(connections.map((connection) => connection.close()));
      await database.drop();
    },
  };
}
