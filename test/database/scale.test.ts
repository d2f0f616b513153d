import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase, type TestDatabase, testPostgresUrl } from "../support/postgres-database.ts";
import { openPostgresStores, openSqliteStores, type Stores } from "../support/stores.ts";

/** Enough for the planner to prefer an index, and for a look at all rows to show. */
const rows = {
  projects: 2_000,
  tags: 20_000,
  results: 100_000,
  delivered: 40_000,
  queued: 2_000,
  rejected: 200,
  onRecord: 40_000,
};
/** What a statement may read: a page, and the rows that belong to what was asked for. */
const mayRead = 500;

const projectId = "10000000-0000-4000-8000-000000000007";
const analysisId = "20000000-0000-4000-8000-000000000007";
const objectId = "30000000-0000-4000-8000-000000000007";
const queuedId = "40000000-0000-4000-8000-000000000007";
const lease = { holder: "scale", leaseMs: 60_000 };
const uuidOf = (kind: number, number: string) =>
  `('${kind}0000000-0000-4000-8000-' || lpad((${number})::text, 12, '0'))::uuid`;

const submissions = (kind: number, count: number, state: string, endedAt: string) => `
  insert into submission (id, analysis_id, project_id, filename, content_type, size_bytes, sha256, state, attempts,
    submitted_at, ended_at)
  select ${uuidOf(kind, "n")}, ${uuidOf(2, `n % ${rows.projects}`)}, ${uuidOf(1, `n % ${rows.projects}`)}, 'f', 't', 1,
    'x', '${state}', 1, now() - interval '1 hour', ${endedAt} from generate_series(0, ${count - 1}) n;`;

const filling = `
  insert into tag (tag_name, project_id)
  select 'tag-' || n / ${rows.projects}, ${uuidOf(1, `n % ${rows.projects}`)}
  from generate_series(0, ${rows.tags - 1}) n;
  insert into result (client_id, object_id, filename)
  select ${uuidOf(2, `n % ${rows.projects}`)}, ${uuidOf(3, "n")}, 'f'
  from generate_series(0, ${rows.results - 1}) n;
  insert into taggedresult (tag_id, result_id) select 1 + n % ${rows.tags}, 1 + n from generate_series(0, ${rows.results - 1}) n;
  ${submissions(5, rows.delivered, "delivered", "now() - interval '1 minute'")}
  ${submissions(6, rows.rejected, "rejected", "now() - interval '1 minute'")}
  ${submissions(4, rows.queued, "queued", "null")}
  insert into record_entry (place, sequence, hash, time, event, project_id, analysis_id, outcome)
  select n + 1, n + 1, 'x', now() - (${rows.onRecord} - n) * interval '1 minute', 'e' || n % 4,
    ${uuidOf(1, `n % ${rows.projects}`)}, ${uuidOf(2, `n % ${rows.projects}`)}, 'ok'
  from generate_series(0, ${rows.onRecord - 1}) n;
  select setval('record_entry_place_seq', ${rows.onRecord});
  insert into stored_object (project_id, object_id, size_bytes, stored_at)
  select ${uuidOf(1, `n % ${rows.projects}`)}, ${uuidOf(3, "n")}, 1, now() from generate_series(0, ${rows.results - 1}) n;
  insert into removed_project (project_id) select ${uuidOf(9, "n")} from generate_series(0, 999) n;
  analyze;`;

const added = {
  analysisId: "20000000-0000-4000-8000-999999999999",
  projectId: "10000000-0000-4000-8000-999999999999",
  filename: "f",
  contentType: "t",
  sizeBytes: 1,
  sha256: "x",
};
const tagging = { projectId, clientId: analysisId, tagName: "new", filename: "f" };
const retry = { delayMs: 1_000, isFixed: false, reason: "later" };

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const hour = { from: minutesAgo(1_060), to: minutesAgo(1_000) };

/** Everything that requests and background jobs ask of the database; the last ones remove. */
const operations: Readonly<Record<string, (stores: Stores) => Promise<unknown>>> = {
  "a file's name": ({ catalog }) => catalog.findFilename(analysisId, objectId),
  "tags of a project": ({ catalog }) => catalog.listTags(projectId),
  "files of a tag": ({ catalog }) => catalog.listTagged(projectId, "tag-3"),
  "a new file with a tag": ({ catalog }) => catalog.tag({ ...tagging, objectId: crypto.randomUUID() }),
  "a tag for a known file": ({ catalog }) => catalog.tag({ ...tagging, objectId }),
  "whether a project is removed": ({ catalog }) => catalog.isRemoved(projectId),
  "a new final": ({ submissions }) => submissions.add({ ...added, id: crypto.randomUUID() }, lease),
  "how a final stands": ({ submissions }) => submissions.find(queuedId),
  "the next final to deliver": ({ submissions }) => submissions.claim({ ...lease, holder: "claims" }),
  "a lease that goes on": ({ submissions }) => submissions.renew(queuedId, lease),
  "a delivery": ({ submissions }) => submissions.markDelivered(queuedId, lease.holder),
  "a refusal": ({ submissions }) => submissions.markRejected(queuedId, lease.holder, "no"),
  "a delivery put off": ({ submissions }) => submissions.postpone(queuedId, lease.holder, retry),
  "what ended long ago": ({ submissions }) => submissions.findEnded(30 * 24 * 3_600_000),
  "finals without a project": ({ submissions }) => submissions.listWithoutProject(),
  "the project of such finals": ({ submissions }) => submissions.setProject(analysisId, projectId),
  "a page of the queue": ({ submissions }) => submissions.page({ status: "queued" }, undefined, 50),
  "a page of what was rejected": ({ submissions }) => submissions.page({ status: "rejected" }, undefined, 50),
  "a page of an analysis": ({ submissions }) => submissions.page({ analysisId }, undefined, 50),
  "how many were rejected": ({ submissions }) => submissions.count("rejected"),
  "another try": ({ submissions }) => submissions.retry(queuedId),
  "a page of the record": ({ record }) => record.list({}, undefined, 50),
  "how many are on record": ({ record }) => record.count({}),
  "a project's rows on record": ({ record }) => record.list({ projectId }, undefined, 50),
  "how many they are": ({ record }) => record.count({ projectId }),
  "an analysis's rows on record": ({ record }) => record.list({ analysisId }, undefined, 50),
  "an event that is rare": ({ record }) => record.list({ event: "record.pruned" }, undefined, 1),
  "a moment of the past on record": ({ record }) => record.list(hour, undefined, 50),
  "how many there were then": ({ record }) => record.count(hour),
  "an export's first rows": ({ record }) => record.readAfter({}, 0, 50),
  "an export of a project": ({ record }) => record.readAfter({ projectId }, 0, 50),
  "where an export of a time begins": ({ record }) => record.findSpan(hour),
  "how the record stands": ({ record }) => record.stats(),
  "a row on record, sealed": async ({ record }) => {
    await record.append({ event: "access.denied", outcome: "denied" });
    await record.seal();
  },
  "a record that is too young to prune": ({ record }) => record.prune(365 * 24 * 3_600_000),
  "a page of what is held": ({ releases }) => releases.page({}, "newest", undefined, 50),
  "what is held for too long": ({ releases }) => releases.expire(3_600_000, "nobody has decided"),
  "what is reserved, given back": ({ budgets }) => budgets.releaseAll(),
  "a project's budget": ({ budgets }) => budgets.find(projectId, analysisId),
  "a page of stored objects": ({ retention }) => retention.objects.page(undefined, 20),
  "what is expired": ({ retention }) => retention.expiry.listExpired(100),
  "a project's removal": ({ catalog }) => catalog.removeProject(projectId, [analysisId]),
};

/** These count or go through all that waits, so they may read that much, and no more. */
const readsAllThatWaits = new Set(["a page of the queue"]);

describe.skipIf(testPostgresUrl === undefined)("among many rows in PostgreSQL", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    const postgres = openPostgres(database.settings);
    await migratePostgres(postgres);
    await postgres.close();
    await database.execute(filling);
  }, 120_000);
  afterAll(async () => {
    await database?.drop();
  });

  /** By the server's own count, which a session hands in when it ends. */
  async function rowsRead(): Promise<number> {
    await eventually(async () => {
      const own = `select count(*)::int as n from pg_stat_activity
        where datname = '${database.settings.database}' and application_name = 'flame-result'`;
      expect((await database.execute<{ n: number }>(own))[0]?.n).toBe(0);
    }, 20_000);
    const [row] = await database.execute<{ n: string }>(
      "select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) as n from pg_stat_user_tables",
    );
    return Number(row?.n);
  }

  test.each(Object.keys(operations))("%s: only the rows that are meant are read", async (name) => {
    const before = await rowsRead();
    const stores = openPostgresStores(database.settings);
    await operations[name]?.(stores).finally(stores.close);
    const read = (await rowsRead()) - before;
    expect(read).toBeLessThan(readsAllThatWaits.has(name) ? rows.queued * 3 : mayRead);
  });
});

describe("among many rows in SQLite", () => {
  const dir = mkdtempSync(join(tmpdir(), "flame-scale-"));
  afterAll(() => rmSync(dir, { recursive: true }));

  test.each(Object.keys(operations))("%s: no table is gone through from end to end", async (name) => {
    const path = join(dir, `${crypto.randomUUID()}.sqlite`);
    const sqlite = openSqlite(path);
    await migrateSqlite(sqlite).finally(sqlite.close);
    const stores = openSqliteStores(path);
    await stores.catalog.tag({ ...tagging, objectId });
    await stores.submissions.add({ ...added, id: queuedId }, lease);
    const statements = new Set<string>();
    const { prepare } = Database.prototype;
    Database.prototype.prepare = function (this: Database, statement: string, ...rest) {
      statements.add(statement);
      return prepare.call(this, statement, ...rest);
    } as typeof prepare;
    await operations[name]?.(stores).finally(() => {
      Database.prototype.prepare = prepare;
    });
    await stores.close();
    const database = new Database(path);
    const plans = [...statements]
      .filter((statement) => /^\s*(?:select|insert|update|delete|with)/i.test(statement))
      .flatMap((statement) => {
        const query = database.query<{ detail: string }, string[]>(`explain query plan ${statement}`);
        return query.all(...Array.from({ length: query.paramsCount }, () => "x")).map(({ detail }) => detail);
      });
    database.close();
    expect(statements.size).toBeGreaterThan(0);
    expect(plans.filter((detail) => /^SCAN (?!.* USING )/.test(detail))).toEqual([]);
  });
});
