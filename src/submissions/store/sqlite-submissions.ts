import {
  and,
  asc,
  desc,
  eq,
  getTableColumns,
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
import type { SQLiteUpdateSetSource } from "drizzle-orm/sqlite-core";
import type { Sqlite, SqliteDatabase } from "../../database/sqlite-connection.ts";
import { isRemoved } from "../../database/sqlite-removed-project.ts";
import type { NewEntry } from "../../record/record-store.ts";
import type { AppendInSqlite } from "../../record/sqlite-append.ts";
import { blocks, claim, isDue, isPending } from "./sqlite-claim.ts";
import { hold } from "./sqlite-hold.ts";
import { submission } from "./sqlite-schema.ts";
import { asEntry, asSubmission, endedStates, placeBehind, statesOf } from "./submission-row.ts";
import {
  type Lease,
  longestBlockMs,
  type NewSubmission,
  type Place,
  type SubmissionStore,
} from "./submission-store.ts";

type Changes = SQLiteUpdateSetSource<typeof submission>;
type Row = typeof submission.$inferSelect;
type Alteration = (db: Pick<SqliteDatabase, "update" | "delete">) => Row | undefined;

const isUndelivered = and(
  notInArray(submission.state, ["delivered", "held"]),
  sql`${submission.verdict} is not 'declined'`,
);
const failed = { outcome: "failed" } as const;
const noLease = { leaseHolder: null, leaseUntil: null };

/**
 * The queue of finals in an SQLite file; `now` gives milliseconds since the epoch. A submission that has failed for
 * `blockMs` stands aside.
 */
export function createSqliteSubmissions(
  sqlite: Sqlite,
  now: () => number,
  blockMs = longestBlockMs,
  append?: AppendInSqlite,
): SubmissionStore {
  const inMs = (ms: number) => new Date(now() + ms);
  /** 1 or 0, as SQLite has no booleans. */
  const standsAside = () =>
    sql<number>`${and(isPending, not(sql`(${blocks(submission.failingSince, inMs(-blockMs))})`))}`;
  const columns = () => ({ ...getTableColumns(submission), standsAside: standsAside() });
  const isFree = () => or(isNull(submission.leaseUntil), lt(submission.leaseUntil, inMs(0)));
  const change = (condition: SQL | undefined, changes: Changes) =>
    sqlite.run(
      (db) => db.update(submission).set(changes).where(condition).returning({ id: submission.id }).all().length,
    );
  const changeOne = async (condition: SQL | undefined, changes: Changes) => (await change(condition, changes)) > 0;
  /** Changes a row and appends the matching entry to the record; in one transaction if there is a record. */
  function alter(work: Alteration, entryOf: (row: Row) => NewEntry | undefined): Promise<boolean> {
    if (append === undefined) return sqlite.run((db) => work(db) !== undefined);
    return sqlite.run((db) =>
      db.transaction(
        (tx) => {
          const row = work(tx);
          const entry = row && entryOf(row);
          if (entry !== undefined) append(tx, entry);
          return row !== undefined;
        },
        { behavior: "immediate" },
      ),
    );
  }
  const end = (id: string, holder: string, changes: Changes, entryOf: (row: Row) => NewEntry) =>
    alter(
      (db) =>
        db
          .update(submission)
          .set({ ...noLease, endedAt: inMs(0), ...changes })
          .where(isHeldBy(id, holder))
          .returning()
          .get(),
      entryOf,
    );

  return {
    add: (added, lease) =>
      sqlite.run((db) =>
        db.transaction((tx) => add(tx, added, lease, now(), blockMs, append), { behavior: "immediate" }),
      ),
    hold: (added) =>
      sqlite.run((db) => db.transaction((tx) => hold(tx, added, now(), append), { behavior: "immediate" })),
    find: (id) =>
      sqlite.run((db) => {
        const row = db.select(columns()).from(submission).where(eq(submission.id, id)).get();
        return row && asSubmission(row, row.standsAside === 1);
      }),
    list: (states) =>
      sqlite.run((db) => {
        const isWanted = inArray(submission.state, [...states]);
        const rows = db.select(columns()).from(submission).where(isWanted).orderBy(asc(submission.sequence)).all();
        return rows.map((row) => asSubmission(row, row.standsAside === 1));
      }),

    claim: (lease, longest) =>
      sqlite.run((db) => claim(db, lease, now(), blockMs, and(isDue(longest, now()), isFree()))),
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
          : { lastError: reason, failingSince: sql`coalesce(${submission.failingSince}, ${now()})` }),
      }),

    wake: () =>
      change(
        and(eq(submission.state, "queued"), not(lte(submission.nextAttemptAt, inMs(0))), not(submission.isFixed)),
        { nextAttemptAt: inMs(0) },
      ),
    releaseAll: async () => {
      await change(eq(submission.state, "delivering"), { ...noLease, state: "queued", nextAttemptAt: inMs(0) });
    },
    remove: async (id, because) => {
      const event = because === "rejected" ? "final.rejected" : "final.submitted";
      const entryOf = (row: Row) => (because === undefined ? undefined : asEntry(event, row, failed));
      await alter((db) => db.delete(submission).where(eq(submission.id, id)).returning().get(), entryOf);
    },
    findEnded: (longerAgoMs) =>
      sqlite.run((db) => {
        // The unary `+` keeps SQLite from using the index on the state, so that it uses the one on `ended_at`.
        const hasEnded = sql`+${inArray(submission.state, [...endedStates])}`;
        const isOld = and(hasEnded, lt(submission.endedAt, inMs(-longerAgoMs)));
        const rows = db.select({ id: submission.id }).from(submission).where(isOld).all();
        return rows.map(({ id }) => id);
      }),

    listWithoutProject: () =>
      sqlite.run((db) => {
        const { analysisId } = submission;
        const rows = db.selectDistinct({ analysisId }).from(submission).where(isNull(submission.projectId)).all();
        return rows.map((row) => row.analysisId);
      }),
    setProject: async (analysisId, projectId) => {
      await change(and(eq(submission.analysisId, analysisId), isNull(submission.projectId)), { projectId });
    },

    page: (filter, after, limit) =>
      sqlite.run((db) => {
        const { id, sequence, state, analysisId } = submission;
        const isOfAnalysis = filter.analysisId === undefined ? undefined : eq(analysisId, filter.analysisId);
        const fits = and(inArray(state, statesOf(filter.status)), isOfAnalysis);
        const last = db
          .select({ sequence })
          .from(submission)
          .where(eq(id, after ?? ""));
        const isBehind = after === undefined ? undefined : lt(sequence, sql`(${last})`);
        const query = db.select(columns()).from(submission).where(and(fits, isBehind)).orderBy(desc(sequence));
        const rows = query.limit(limit + 1).all();
        const submissions = rows.slice(0, limit).map((row) => asSubmission(row, row.standsAside === 1));
        const next = rows.length > limit ? submissions.at(-1)?.id : undefined;
        const total = db.select({ rows: sql<number>`count(*)` }).from(submission).where(fits).get()?.rows ?? 0;
        return { submissions, next, total };
      }),
    count: (state) =>
      sqlite.run((db) => {
        const counted = db.select({ rows: sql<number>`count(*)` }).from(submission);
        return counted.where(eq(submission.state, state)).get()?.rows ?? 0;
      }),
    retry: (id) =>
      changeOne(and(eq(submission.id, id), isUndelivered, isFree()), {
        ...noLease,
        state: "queued",
        nextAttemptAt: inMs(0),
        isFixed: false,
        failingSince: null,
        endedAt: null,
      }),
    drop: (id, actor) =>
      alter(
        (db) =>
          db
            .delete(submission)
            .where(and(eq(submission.id, id), ne(submission.state, "held"), isFree()))
            .returning()
            .get(),
        (row) => (row.state === "delivered" ? undefined : asEntry("final.rejected", row, { actor })),
      ),

    stats: () =>
      sqlite.run((db) => {
        const figures = {
          pending: sql<number>`count(*)`,
          oldest: sql<number | null>`min(${submission.submittedAt})`,
          standingAside: sql<number>`count(*) filter (where ${standsAside()})`,
        };
        const row = db.select(figures).from(submission).where(isPending).get();
        const { pending = 0, oldest = null, standingAside = 0 } = row ?? {};
        return { pending, oldestSeconds: oldest === null ? 0 : Math.max(0, (now() - oldest) / 1000), standingAside };
      }),
  };
}

function isHeldBy(id: string, holder: string): SQL | undefined {
  return and(eq(submission.id, id), eq(submission.state, "delivering"), eq(submission.leaseHolder, holder));
}

function add(
  db: Pick<SqliteDatabase, "select" | "insert">,
  added: NewSubmission,
  { holder, leaseMs }: Lease,
  nowMs: number,
  blockMs: number,
  append: AppendInSqlite | undefined,
): Place {
  if (added.projectId !== undefined && isRemoved(db, added.projectId)) return "removed";
  const head = db
    .select({ id: submission.id, state: submission.state, nextAttemptAt: submission.nextAttemptAt })
    .from(submission)
    .where(
      and(
        eq(submission.analysisId, added.analysisId),
        isPending,
        blocks(submission.failingSince, new Date(nowMs - blockMs)),
      ),
    )
    .orderBy(asc(submission.sequence))
    .limit(1)
    .get();
  const start =
    head === undefined
      ? ({ state: "delivering", attempts: 1, leaseHolder: holder, leaseUntil: new Date(nowMs + leaseMs) } as const)
      : ({ state: "queued", attempts: 0 } as const);
  const at = new Date(nowMs);
  const inserted = db
    .insert(submission)
    .values({ ...added, ...start, submittedAt: at, nextAttemptAt: at })
    .onConflictDoNothing()
    .returning({ id: submission.id })
    .get();
  if (inserted !== undefined) append?.(db, asEntry("final.submitted", added, { actor: added.analysisId }));
  const isWaiting = head?.state === "queued" && head.nextAttemptAt > at;
  return placeBehind(head && { id: head.id, isWaiting }, added);
}
