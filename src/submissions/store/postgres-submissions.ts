import {
  type AnyColumn,
  and,
  asc,
  desc,
  eq,
  getTableColumns,
  gt,
  inArray,
  isNull,
  lt,
  lte,
  ne,
  not,
  notInArray,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import { alias, type PgUpdateSetSource } from "drizzle-orm/pg-core";
import type { Postgres } from "../../database/postgres-connection.ts";
import { isRemoved, keepFromRemoval } from "../../database/postgres-removed-project.ts";
import type { AppendInPostgres } from "../../record/postgres-append.ts";
import type { NewEntry } from "../../record/record-store.ts";
import { hold } from "./postgres-hold.ts";
import { submission } from "./postgres-schema.ts";
import {
  asEntry,
  asHeldSubmission,
  asSubmission,
  endedStates,
  type Head,
  pendingStates,
  placeBehind,
  statesOf,
} from "./submission-row.ts";
import {
  type Lease,
  type LongestDelays,
  longestBlockMs,
  type NewSubmission,
  type Place,
  type SubmissionStore,
} from "./submission-store.ts";

type Changes = PgUpdateSetSource<typeof submission>;
type Row = typeof submission.$inferSelect;
type Alteration = (db: Pick<BunSQLDatabase, "update" | "delete">) => Promise<Row[]>;

// All times come from the database's clock, so that replicas need not agree on the time. The lock number is arbitrary.
const addingLock = 7_046_030;
const now = sql`now()`;
const inMs = (ms: number) => sql`now() + ${ms} * interval '1 millisecond'`;
const isPending = inArray(submission.state, [...pendingStates]);
const isFree = or(isNull(submission.leaseUntil), lt(submission.leaseUntil, now));
const isUndelivered = and(
  notInArray(submission.state, ["delivered", "held"]),
  sql`${submission.verdict} is distinct from 'declined'`,
);
const failed = { outcome: "failed" } as const;
const noLease = { leaseHolder: null, leaseUntil: null };
const blocks = (failingSince: AnyColumn, blockMs: number) => or(isNull(failingSince), gt(failingSince, inMs(-blockMs)));

/** The queue of finals in PostgreSQL, for any number of processes. After `blockMs` of failures a submission stands aside. */
export function createPostgresSubmissions(
  postgres: Postgres,
  blockMs = longestBlockMs,
  append?: AppendInPostgres,
): SubmissionStore {
  const standsAside = sql<boolean>`${and(isPending, not(sql`(${blocks(submission.failingSince, blockMs)})`))}`;
  const columns = { ...getTableColumns(submission), standsAside };
  async function change(condition: SQL | undefined, changes: Changes): Promise<number> {
    const rows = await postgres.run((db) =>
      db.update(submission).set(changes).where(condition).returning({ id: submission.id }),
    );
    return rows.length;
  }
  const changeOne = async (condition: SQL | undefined, changes: Changes) => (await change(condition, changes)) > 0;
  /** Changes a row and appends the matching entry to the record; in one transaction if there is a record. */
  function alter(work: Alteration, entryOf: (row: Row) => NewEntry | undefined): Promise<boolean> {
    if (append === undefined) return postgres.run(async (db) => (await work(db)).length > 0);
    return postgres.run((db) =>
      db.transaction(async (tx) => {
        const [row] = await work(tx);
        const entry = row && entryOf(row);
        if (entry !== undefined) await append(tx, entry);
        return row !== undefined;
      }),
    );
  }
  const end = (id: string, holder: string, changes: Changes, entryOf: (row: Row) => NewEntry) =>
    alter(
      (db) =>
        db
          .update(submission)
          .set({ ...noLease, endedAt: now, ...changes })
          .where(isHeldBy(id, holder))
          .returning(),
      entryOf,
    );

  return {
    add: (added, lease) => postgres.run((db) => add(db, added, lease, blockMs, append)),
    hold: (added) => postgres.run((db) => hold(db, added, append)),
    find: (id) =>
      postgres.run(async (db) => {
        const [row] = await db.select(columns).from(submission).where(eq(submission.id, id));
        return row && asSubmission(row, row.standsAside);
      }),
    list: (states) =>
      postgres.run(async (db) => {
        const isWanted = inArray(submission.state, [...states]);
        const rows = await db.select(columns).from(submission).where(isWanted).orderBy(asc(submission.sequence));
        return rows.map((row) => asSubmission(row, row.standsAside));
      }),

    claim: (lease, longest) => postgres.run((db) => claim(db, lease, isDue(longest), blockMs)),
    renew: (id, { holder, leaseMs }) => changeOne(isHeldBy(id, holder), { leaseUntil: inMs(leaseMs) }),
    markDelivered: (id, holder) =>
      end(id, holder, { state: "delivered", lastError: null }, (row) => asEntry("final.delivered", row)),
    markRejected: (id, holder, reason) =>
      end(id, holder, { state: "rejected", lastError: reason }, (row) => asEntry("final.rejected", row, failed)),
    postpone: (id, holder, { delayMs, isFixed, reason }) =>
      changeOne(isHeldBy(id, holder), {
        ...noLease,
        state: "queued",
        nextAttemptAt: inMs(delayMs),
        isFixed,
        ...(reason === undefined
          ? {}
          : { lastError: reason, failingSince: sql`coalesce(${submission.failingSince}, now())` }),
      }),

    wake: () =>
      change(and(eq(submission.state, "queued"), sql`${submission.nextAttemptAt} > now()`, not(submission.isFixed)), {
        nextAttemptAt: now,
      }),
    releaseAll: async () => {
      await change(eq(submission.state, "delivering"), { ...noLease, state: "queued", nextAttemptAt: now });
    },
    remove: async (id, because) => {
      const event = because === "rejected" ? "final.rejected" : "final.submitted";
      const entryOf = (row: Row) => (because === undefined ? undefined : asEntry(event, row, failed));
      await alter((db) => db.delete(submission).where(eq(submission.id, id)).returning(), entryOf);
    },
    findEnded: (longerAgoMs) =>
      postgres.run(async (db) => {
        const isOld = and(inArray(submission.state, [...endedStates]), lt(submission.endedAt, inMs(-longerAgoMs)));
        return (await db.select({ id: submission.id }).from(submission).where(isOld)).map(({ id }) => id);
      }),

    listWithoutProject: () =>
      postgres.run(async (db) => {
        const { analysisId } = submission;
        const rows = await db.selectDistinct({ analysisId }).from(submission).where(isNull(submission.projectId));
        return rows.map((row) => row.analysisId);
      }),
    setProject: async (analysisId, projectId) => {
      await change(and(eq(submission.analysisId, analysisId), isNull(submission.projectId)), { projectId });
    },

    page: (filter, after, limit) =>
      postgres.run(async (db) => {
        const { id, sequence, state, analysisId } = submission;
        const isOfAnalysis = filter.analysisId === undefined ? undefined : eq(analysisId, filter.analysisId);
        const fits = and(inArray(state, statesOf(filter.status)), isOfAnalysis);
        const last = db
          .select({ sequence })
          .from(submission)
          .where(eq(id, after ?? ""));
        const isBehind = after === undefined ? undefined : lt(sequence, sql`(${last})`);
        const query = db.select(columns).from(submission).where(and(fits, isBehind)).orderBy(desc(sequence));
        const rows = await query.limit(limit + 1);
        const submissions = rows.slice(0, limit).map((row) => asSubmission(row, row.standsAside));
        const next = rows.length > limit ? submissions.at(-1)?.id : undefined;
        return { submissions, next, total: await db.$count(submission, fits) };
      }),
    count: (state) => postgres.run((db) => db.$count(submission, eq(submission.state, state))),
    retry: (id) =>
      changeOne(and(eq(submission.id, id), isUndelivered, isFree), {
        ...noLease,
        state: "queued",
        nextAttemptAt: now,
        isFixed: false,
        failingSince: null,
        endedAt: null,
      }),
    drop: (id, actor) =>
      alter(
        (db) =>
          db
            .delete(submission)
            .where(and(eq(submission.id, id), ne(submission.state, "held"), isFree))
            .returning(),
        (row) => (row.state === "delivered" ? undefined : asEntry("final.rejected", row, { actor })),
      ),

    stats: () =>
      postgres.run(async (db) => {
        const oldestSeconds = sql`coalesce(extract(epoch from now() - min(${submission.submittedAt})), 0)`;
        const [row] = await db
          .select({
            pending: sql`count(*)`.mapWith(Number),
            oldestSeconds: oldestSeconds.mapWith(Number),
            standingAside: sql`count(*) filter (where ${standsAside})`.mapWith(Number),
          })
          .from(submission)
          .where(isPending);
        return row ?? { pending: 0, oldestSeconds: 0, standingAside: 0 };
      }),
  };
}

function isHeldBy(id: string, holder: string): SQL | undefined {
  return and(eq(submission.id, id), eq(submission.state, "delivering"), eq(submission.leaseHolder, holder));
}

/** Adds one submission at a time per analysis, so that of two concurrent ones only one finds the queue empty. */
async function add(
  db: BunSQLDatabase,
  added: NewSubmission,
  { holder, leaseMs }: Lease,
  blockMs: number,
  append: AppendInPostgres | undefined,
): Promise<Place> {
  const { analysisId, projectId } = added;
  return await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${addingLock}, hashtext(${analysisId}))`);
    if (projectId !== undefined) {
      await keepFromRemoval(tx, projectId);
      if (await isRemoved(tx, projectId)) return "removed";
    }
    const [head] = await tx
      .select({
        id: submission.id,
        isWaiting: sql<boolean>`${submission.state} = 'queued' and ${submission.nextAttemptAt} > now()`,
      })
      .from(submission)
      .where(and(eq(submission.analysisId, analysisId), isPending, blocks(submission.failingSince, blockMs)))
      .orderBy(asc(submission.sequence))
      .limit(1);
    const found: Head | undefined = head;
    const start =
      found === undefined
        ? ({ state: "delivering", attempts: 1, leaseHolder: holder, leaseUntil: inMs(leaseMs) } as const)
        : ({ state: "queued", attempts: 0 } as const);
    const inserted = await tx
      .insert(submission)
      .values({ ...added, ...start })
      .onConflictDoNothing()
      .returning({ id: submission.id });
    if (inserted.length > 0) await append?.(tx, asEntry("final.submitted", added, { actor: analysisId }));
    return placeBehind(found, added);
  });
}

function isDue(longest: LongestDelays | undefined): SQL | undefined {
  const { nextAttemptAt, isFixed } = submission;
  const isNow = lte(nextAttemptAt, now);
  if (longest === undefined) return isNow;
  const { ownMs, fixedMs } = longest;
  return or(isNow, and(isFixed, gt(nextAttemptAt, inMs(fixedMs))), and(not(isFixed), gt(nextAttemptAt, inMs(ownMs))));
}

/** Skips rows that another process is claiming at this moment. A row that has been claimed has a lease. */
async function claim(db: BunSQLDatabase, { holder, leaseMs }: Lease, isReady: SQL | undefined, blockMs: number) {
  const older = alias(submission, "older");
  const olderPending = db
    .select({ one: sql`1` })
    .from(older)
    .where(
      and(
        eq(older.analysisId, submission.analysisId),
        inArray(older.state, [...pendingStates]),
        lt(older.sequence, submission.sequence),
        blocks(older.failingSince, blockMs),
      ),
    );
  const next = db
    .select({ id: submission.id })
    .from(submission)
    .where(and(isPending, isReady, isFree, sql`not exists ${olderPending}`))
    .orderBy(asc(submission.sequence))
    .limit(1)
    .for("update", { skipLocked: true });
  const [row] = await db
    .update(submission)
    .set({
      state: "delivering",
      attempts: sql`${submission.attempts} + 1`,
      leaseHolder: holder,
      leaseUntil: inMs(leaseMs),
    })
    .where(eq(submission.id, sql`(${next})`))
    .returning();
  return row && asHeldSubmission(row);
}
