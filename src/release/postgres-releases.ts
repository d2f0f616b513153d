import { and, asc, desc, eq, gt, inArray, isNotNull, lt, ne, or, type SQL, sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import type { Postgres } from "../database/postgres-connection.ts";
import type { AppendInPostgres } from "../record/postgres-append.ts";
import { submission } from "../submissions/store/postgres-schema.ts";
import { declinedBecause, judgeDecision } from "./judge-decision.ts";
import { releaseDecision } from "./postgres-schema.ts";
import { asPastDecision, asRelease, decisionEntry, decisionRow, meaningOf } from "./release-row.ts";
import type { Decision, Release, ReleaseFilter, ReleaseStore, Reviewer } from "./release-store.ts";

type Transaction = Pick<BunSQLDatabase, "select" | "insert" | "update">;
type Reader = Pick<BunSQLDatabase, "select">;

/** Must match the condition of the partial index `submission_held`, or PostgreSQL does not use the index. */
const wasHeld = or(eq(submission.state, "held"), isNotNull(submission.verdict));
const isHeld = and(wasHeld, eq(submission.state, "held"));
const now = sql`now()`;
const node: Reviewer = { name: "node", subject: "node" };
/** How many submissions one transaction declines at most. */
const expireBatch = 500;

/** Held final results and decisions in PostgreSQL. All times come from its clock. */
export function createPostgresReleases(postgres: Postgres, append?: AppendInPostgres): ReleaseStore {
  return {
    page: (filter, order, after, limit) =>
      postgres.run(async (db) => {
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
        const rows = await found.limit(limit + 1);
        const releases = await withDecisions(db, rows.slice(0, limit));
        const next = rows.length > limit ? releases.at(-1)?.id : undefined;
        return { releases, next, total: await db.$count(submission, fits) };
      }),
    find: (id) => postgres.run(async (db) => (await findAll(db, [id])).get(id)),
    decide: (decisions, reviewer, reviewers) =>
      postgres.run((db) => db.transaction((tx) => decide(tx, append, decisions, reviewer, reviewers))),
    async expire(longerThanMs, reason) {
      const expired: Release[] = [];
      for (;;) {
        const batch = await postgres.run((db) => db.transaction((tx) => expire(tx, append, longerThanMs, reason)));
        expired.push(...batch);
        if (batch.length < expireBatch) return expired;
      }
    },
    listEarlier: ({ id, projectId, analysisId }, limit) =>
      postgres.run(async (db) => {
        const isRelated =
          projectId === undefined
            ? eq(releaseDecision.analysisId, analysisId)
            : eq(releaseDecision.projectId, projectId);
        const isOther = and(isRelated, ne(releaseDecision.submissionId, id));
        const found = db.select().from(releaseDecision).where(isOther).orderBy(desc(releaseDecision.sequence));
        return (await found.limit(limit)).map(asPastDecision);
      }),
    findEqual: ({ id, sha256 }) =>
      postgres.run(async (db) => {
        const isEqual = and(eq(releaseDecision.sha256, sha256), ne(releaseDecision.submissionId, id));
        const found = db.select().from(releaseDecision).where(isEqual).orderBy(desc(releaseDecision.sequence));
        const [row] = await found.limit(1);
        return row && asPastDecision(row);
      }),
    stats: () =>
      postgres.run(async (db) => {
        const oldestSeconds = sql`coalesce(extract(epoch from now() - min(${submission.submittedAt})), 0)`;
        const figures = {
          held: sql`count(*)`.mapWith(Number),
          oldestSeconds: oldestSeconds.mapWith((value) => Math.max(0, Number(value))),
        };
        const [row] = await db.select(figures).from(submission).where(isHeld);
        return row ?? { held: 0, oldestSeconds: 0 };
      }),
  };
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

async function withDecisions(db: Reader, rows: readonly (typeof submission.$inferSelect)[]): Promise<Release[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const isOfThese = inArray(releaseDecision.submissionId, ids);
  const found = await db.select().from(releaseDecision).where(isOfThese).orderBy(asc(releaseDecision.sequence));
  const decisions = found.map(asPastDecision);
  return rows.map((row) => asRelease(row, decisions));
}

async function findAll(db: Reader, ids: readonly string[]): Promise<Map<string, Release>> {
  const rows = await db
    .select()
    .from(submission)
    .where(and(inArray(submission.id, [...ids]), wasHeld));
  return new Map((await withDecisions(db, rows)).map((release) => [release.id, release]));
}

/** Locks the rows first, always in the same order, so that a second reviewer sees what the first has decided. */
async function decide(
  tx: Transaction,
  append: AppendInPostgres | undefined,
  decisions: readonly Decision[],
  reviewer: Reviewer,
  reviewers: number,
): Promise<Release[]> {
  const ids = decisions.map(({ submissionId }) => submissionId);
  await tx
    .select({ id: submission.id })
    .from(submission)
    .where(inArray(submission.id, ids))
    .orderBy(asc(submission.id))
    .for("update");
  for (const decision of decisions) {
    const { submissionId, kind, reason } = decision;
    const release = (await findAll(tx, [submissionId])).get(submissionId);
    const consequence = judgeDecision(release, decision, reviewer, reviewers);
    if (release === undefined) continue;
    await note(tx, append, release, { decision: kind, reason, reviewer });
    if (consequence === "queued") {
      const changes = { state: "queued", verdict: "approved", nextAttemptAt: now } as const;
      await tx.update(submission).set(changes).where(eq(submission.id, submissionId));
    } else if (consequence === "rejected") await reject(tx, submissionId, reason ?? "");
  }
  const found = await findAll(tx, ids);
  return ids.flatMap((id) => found.get(id) ?? []);
}

async function expire(
  tx: Transaction,
  append: AppendInPostgres | undefined,
  longerThanMs: number,
  reason: string,
): Promise<Release[]> {
  const isOld = and(
    isHeld,
    lt(submission.submittedAt, sql`now() - ${longerThanMs}::double precision * interval '1 millisecond'`),
  );
  const rows = await tx.select().from(submission).where(isOld).limit(expireBatch).for("update", { skipLocked: true });
  const releases = await withDecisions(tx, rows);
  for (const release of releases) {
    await note(tx, append, release, { decision: "expired", reason, reviewer: node });
    await reject(tx, release.id, reason);
  }
  return releases;
}

async function note(
  tx: Transaction,
  append: AppendInPostgres | undefined,
  release: Release,
  decided: Parameters<typeof decisionRow>[1],
): Promise<void> {
  await tx.insert(releaseDecision).values(decisionRow(release, decided));
  await append?.(tx, decisionEntry(release, decided));
}

async function reject(tx: Transaction, id: string, reason: string): Promise<void> {
  const lastError = declinedBecause(reason);
  await tx
    .update(submission)
    .set({ state: "rejected", verdict: "declined", lastError, endedAt: now })
    .where(eq(submission.id, id));
}
