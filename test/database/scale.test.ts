import { Database } from "bun:sqlite";
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
import { createPostgresSubmissions } from "../../src/submissions/store/postgres-submissions.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import type { SubmissionStore } from "../../src/submissions/store/submission-store.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase, type TestDatabase, testPostgresUrl } from "../support/postgres-database.ts";

/** Enough for the planner to prefer an index, and for a look at all rows to show. */
const rows = { projects: 2_000, tags: 20_000, results: 100_000, delivered: 40_000, queued: 2_000, rejected: 200 };
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

/** Everything that requests and background jobs ask of the database; the last ones remove. */
const operations: Readonly<Record<string, (catalog: Catalog, queue: SubmissionStore) => Promise<unknown>>> = {
  "a file's name": (catalog) => catalog.findFilename(analysisId, objectId),
  "tags of a project": (catalog) => catalog.listTags(projectId),
  "files of a tag": (catalog) => catalog.listTagged(projectId, "tag-3"),
  "a new file with a tag": (catalog) => catalog.tag({ ...tagging, objectId: crypto.randomUUID() }),
  "a tag for a known file": (catalog) => catalog.tag({ ...tagging, objectId }),
  "whether a project is removed": (catalog) => catalog.isRemoved(projectId),
  "a new final": (_, queue) => queue.add({ ...added, id: crypto.randomUUID() }, lease),
  "how a final stands": (_, queue) => queue.find(queuedId),
  "the next final to deliver": (_, queue) => queue.claim({ ...lease, holder: "claims" }),
  "a lease that goes on": (_, queue) => queue.renew(queuedId, lease),
  "a delivery": (_, queue) => queue.markDelivered(queuedId, lease.holder),
  "a refusal": (_, queue) => queue.markRejected(queuedId, lease.holder, "no"),
  "a delivery put off": (_, queue) => queue.postpone(queuedId, lease.holder, retry),
  "what ended long ago": (_, queue) => queue.findEnded(30 * 24 * 3_600_000),
  "finals without a project": (_, queue) => queue.listWithoutProject(),
  "the project of such finals": (_, queue) => queue.setProject(analysisId, projectId),
  "a page of the queue": (_, queue) => queue.page({ status: "queued" }, undefined, 50),
  "a page of what was rejected": (_, queue) => queue.page({ status: "rejected" }, undefined, 50),
  "a page of an analysis": (_, queue) => queue.page({ analysisId }, undefined, 50),
  "how many were rejected": (_, queue) => queue.count("rejected"),
  "another try": (_, queue) => queue.retry(queuedId),
  "a project's removal": (catalog) => catalog.removeProject(projectId, [analysisId]),
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
    const postgres = openPostgres(database.settings);
    await operations[name]?.(createPostgresCatalog(postgres), createPostgresSubmissions(postgres)).finally(
      postgres.close,
    );
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
    await migrateSqlite(sqlite);
    const catalog = createSqliteCatalog(sqlite);
    const queue = createSqliteSubmissions(sqlite, () => 0);
    await catalog.tag({ ...tagging, objectId });
    await queue.add({ ...added, id: queuedId }, lease);
    const statements = new Set<string>();
    const { prepare } = Database.prototype;
    Database.prototype.prepare = function (this: Database, statement: string, ...rest) {
      statements.add(statement);
      return prepare.call(this, statement, ...rest);
    } as typeof prepare;
    await operations[name]?.(catalog, queue).finally(() => {
      Database.prototype.prepare = prepare;
    });
    await sqlite.close();
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
