import { and, asc, desc, eq, gt, inArray, lt, ne, type SQL, sql } from "drizzle-orm";
import type { Sqlite, SqliteDatabase } from "../database/sqlite-connection.ts";
import type { AppendInSqlite } from "../record/sqlite-append.ts";
import { submission } from "../submissions/store/sqlite-schema.ts";
import { declinedBecause, judgeDecision } from "./judge-decision.ts";
import { asPastDecision, asRelease, decisionEntry, decisionRow, meaningOf } from "./release-row.ts";
import type { Decision, Release, ReleaseFilter, ReleaseStore, Reviewer } from "./release-store.ts";
import { releaseDecision } from "./sqlite-schema.ts";

type Transaction = Pick<SqliteDatabase, "select" | "insert" | "update">;
type Reader = Pick<SqliteDatabase, "select">;

/** SQLite uses the partial index `submission_held` only for its exact condition, without parameters. */
const wasHeld = sql`(${submission.state} = 'held' or ${submission.verdict} is not null)`;
const isHeld = and(wasHeld, eq(submission.state, "held"));
const immediate = { behavior: "immediate" } as const;
const node: Reviewer = { name: "node", subject: "node" };

/** Held final results and decisions in an SQLite file; `now` returns milliseconds since the epoch. */
export function createSqliteReleases(sqlite: Sqlite, now: () => number, append?: AppendInSqlite): ReleaseStore {
  const context: Context = { now, append };
  return {
    page: (filter, order, after, limit) =>
      sqlite.run((db) => {
        const { id, sequence } = submission;
        const fits = and(wasHeld, matches(filter));
        const last = db
          .select({ sequence })
          .from(submission)
          .where(eq(id, after ?? ""));
        const compare = order === "newest" ? lt : gt;
        const isBehind = after === undefined ? undefined : compare(sequence, sql`(${last})`);
        const sorted = order === "newest" ? desc(sequence) : asc(sequence);
        const found = db.select().from(submission).where(and(fits, isBehind)).orderBy(sorted);
        const rows = found.limit(limit + 1).all();
        const releases = withDecisions(db, rows.slice(0, limit));
        const total = db.select({ rows: sql<number>`count(*)` }).from(submission).where(fits).get()?.rows ?? 0;
        return { releases, next: rows.length > limit ? releases.at(-1)?.id : undefined, total };
      }),
    find: (id) => sqlite.run((db) => findAll(db, [id]).get(id)),
    decide: (decisions, reviewer, reviewers) =>
      sqlite.run((db) => db.transaction((tx) => decide(tx, context, decisions, reviewer, reviewers), immediate)),
    expire: (longerThanMs, reason) =>
      sqlite.run((db) => db.transaction((tx) => expire(tx, context, longerThanMs, reason), immediate)),
    listEarlier: ({ id, projectId, analysisId }, limit) =>
      sqlite.run((db) => {
        const isRelated =
          projectId === undefined
            ? eq(releaseDecision.analysisId, analysisId)
            : eq(releaseDecision.projectId, projectId);
        const isOther = and(isRelated, ne(releaseDecision.submissionId, id));
        const found = db.select().from(releaseDecision).where(isOther).orderBy(desc(releaseDecision.sequence));
        return found.limit(limit).all().map(asPastDecision);
      }),
    findEqual: ({ id, sha256 }) =>
      sqlite.run((db) => {
        const isEqual = and(eq(releaseDecision.sha256, sha256), ne(releaseDecision.submissionId, id));
        const found = db.select().from(releaseDecision).where(isEqual).orderBy(desc(releaseDecision.sequence));
        const row = found.limit(1).get();
        return row && asPastDecision(row);
      }),
    stats: () =>
      sqlite.run((db) => {
        const figures = { held: sql<number>`count(*)`, oldest: sql<number | null>`min(${submission.submittedAt})` };
        const { held = 0, oldest = null } = db.select(figures).from(submission).where(isHeld).get() ?? {};
        return { held, oldestSeconds: oldest === null ? 0 : Math.max(0, (now() - oldest) / 1000) };
      }),
  };
}

interface Context {
  readonly now: () => number;
  readonly append: AppendInSqlite | undefined;
}

function matches({ status, projectId, analysisId }: ReleaseFilter): SQL | undefined {
  const { states, verdict } = meaningOf(status);
  return and(
    states === undefined ? undefined : inArray(submission.state, states),
    verdict === undefined ? undefined : eq(submission.verdict, verdict),
    projectId === undefined ? undefined : eq(submission.projectId, projectId),
    analysisId === undefined ? undefined : eq(submission.analysisId, analysisId),
  );
}

function withDecisions(db: Reader, rows: readonly (typeof submission.$inferSelect)[]): Release[] {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const isOfThese = inArray(releaseDecision.submissionId, ids);
  const found = db.select().from(releaseDecision).where(isOfThese).orderBy(asc(releaseDecision.sequence)).all();
  const decisions = found.map(asPastDecision);
  return rows.map((row) => asRelease(row, decisions));
}

function findAll(db: Reader, ids: readonly string[]): Map<string, Release> {
  const rows = db
    .select()
    .from(submission)
    .where(and(inArray(submission.id, [...ids]), wasHeld))
    .all();
  return new Map(withDecisions(db, rows).map((release) => [release.id, release]));
}

function decide(
  tx: Transaction,
  context: Context,
  decisions: readonly Decision[],
  reviewer: Reviewer,
  reviewers: number,
): Release[] {
  for (const decision of decisions) {
    const { submissionId, kind, reason } = decision;
    const release = findAll(tx, [submissionId]).get(submissionId);
    const consequence = judgeDecision(release, decision, reviewer, reviewers);
    if (release === undefined) continue;
    note(tx, context, release, { decision: kind, reason, reviewer });
    const at = new Date(context.now());
    if (consequence === "queued") {
      const changes = { state: "queued", verdict: "approved", nextAttemptAt: at } as const;
      tx.update(submission).set(changes).where(eq(submission.id, submissionId)).run();
    } else if (consequence === "rejected") reject(tx, at, submissionId, reason ?? "");
  }
  const found = findAll(
    tx,
    decisions.map(({ submissionId }) => submissionId),
  );
  return decisions.flatMap(({ submissionId }) => found.get(submissionId) ?? []);
}

function expire(tx: Transaction, context: Context, longerThanMs: number, reason: string): Release[] {
  const at = new Date(context.now());
  const isOld = and(isHeld, lt(submission.submittedAt, new Date(context.now() - longerThanMs)));
  const releases = withDecisions(tx, tx.select().from(submission).where(isOld).all());
  for (const release of releases) {
    note(tx, context, release, { decision: "expired", reason, reviewer: node });
    reject(tx, at, release.id, reason);
  }
  return releases;
}

function note(
  tx: Transaction,
  { now, append }: Context,
  release: Release,
  decided: Parameters<typeof decisionRow>[1],
): void {
  tx.insert(releaseDecision)
    .values({ ...decisionRow(release, decided), decidedAt: new Date(now()) })
    .run();
  append?.(tx, decisionEntry(release, decided));
}

function reject(tx: Transaction, at: Date, id: string, reason: string): void {
  const lastError = declinedBecause(reason);
  tx.update(submission)
    .set({ state: "rejected", verdict: "declined", lastError, endedAt: at })
    .where(eq(submission.id, id))
    .run();
}
