import {
  type AnyColumn,
  and,
  asc,
  eq,
  gt,
  inArray,
  isNull,
  lt,
  lte,
  not,
  notExists,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { SqliteDatabase } from "../../database/sqlite-connection.ts";
import { submission } from "./sqlite-schema.ts";
import { asHeldSubmission, pendingStates } from "./submission-row.ts";
import type { HeldSubmission, Lease, LongestDelays } from "./submission-store.ts";

/** The states are literals: SQLite uses a partial index only if the query contains the index's own condition. */
const pendingIn = (state: AnyColumn) =>
  sql`${state} in (${sql.raw(pendingStates.map((name) => `'${name}'`).join(", "))})`;
export const isPending = pendingIn(submission.state);
/** Whether a submission still blocks those behind it: it never failed, or first failed after `since`. */
export const blocks = (failingSince: AnyColumn, since: Date) => or(isNull(failingSince), gt(failingSince, since));

/** Whether a submission is due: its time has come, or it would wait for longer than any delay can be. */
export function isDue(longest: LongestDelays | undefined, nowMs: number): SQL | undefined {
  const { nextAttemptAt, isFixed } = submission;
  const isNow = lte(nextAttemptAt, new Date(nowMs));
  if (longest === undefined) return isNow;
  const { ownMs, fixedMs } = longest;
  return or(
    isNow,
    and(isFixed, gt(nextAttemptAt, new Date(nowMs + fixedMs))),
    and(not(isFixed), gt(nextAttemptAt, new Date(nowMs + ownMs))),
  );
}

/** Claims in one statement, so that not even an operator's command can come in between. */
export function claim(
  db: SqliteDatabase,
  { holder, leaseMs }: Lease,
  nowMs: number,
  blockMs: number,
  isReady: SQL | undefined,
): HeldSubmission | undefined {
  const older = alias(submission, "older");
  const olderPending = db
    .select({ one: sql`1` })
    .from(older)
    .where(
      and(
        eq(older.analysisId, submission.analysisId),
        pendingIn(older.state),
        lt(older.sequence, submission.sequence),
        blocks(older.failingSince, new Date(nowMs - blockMs)),
      ),
    );
  const next = db
    .select({ id: submission.id })
    .from(submission)
    .where(and(isPending, isReady, notExists(olderPending)))
    .orderBy(asc(submission.sequence))
    .limit(1);
  const row = db
    .update(submission)
    .set({
      state: "delivering",
      attempts: sql`${submission.attempts} + 1`,
      leaseHolder: holder,
      leaseUntil: new Date(nowMs + leaseMs),
    })
    .where(inArray(submission.id, next))
    .returning()
    .get();
  return row && asHeldSubmission(row);
}
