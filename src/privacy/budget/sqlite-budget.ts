import { and, asc, desc, eq, gte, isNotNull, isNull, lt, type SQL, sql } from "drizzle-orm";
import type { Sqlite, SqliteDatabase } from "../../database/sqlite-connection.ts";
import type { AppendInSqlite } from "../../record/sqlite-append.ts";
import { asBalance, changedEntry, emptyBalance, judge, readDecimal, reconciled, releasedEntry } from "./balance.ts";
import { type BudgetStore, type Charge, type Reservation, reservationMs } from "./budget-store.ts";
import { type Decimal, formatDecimal } from "./decimal.ts";
import { privacyBudget, privacyRelease } from "./sqlite-schema.ts";

type Transaction = Pick<SqliteDatabase, "select" | "selectDistinct" | "insert" | "update" | "delete">;
type Row = typeof privacyBudget.$inferSelect;

/** Takes the write lock before reading, so that nobody can change in between what the transaction has read. */
const immediate = { behavior: "immediate" } as const;
/** SQLite uses the partial index `privacy_release_reserved` only for its exact condition, without parameters. */
const isReserved = sql`${privacyRelease.state} = 'reserved'`;
const isUnassigned = isNull(privacyRelease.projectId);

/** Privacy budgets in an SQLite file; `now` returns milliseconds since the epoch. */
export function createSqliteBudget(sqlite: Sqlite, now: () => number, append: AppendInSqlite | undefined): BudgetStore {
  const inMs = (ms: number) => new Date(now() + ms);
  const isOver = () => and(isReserved, lt(privacyRelease.reservedUntil, inMs(0)));
  const change = <T>(work: (tx: Transaction) => T) => sqlite.run((db) => db.transaction(work, immediate));

  function reconcile(tx: Transaction, projectId: string, analysisId?: string): Row {
    const row = findOrAdd(tx, projectId);
    const returned = giveBack(tx, and(eq(privacyRelease.projectId, projectId), isOver()));
    const adopted = analysisId === undefined ? [] : adopt(tx, analysisId, projectId);
    return returned.length + adopted.length === 0 ? row : update(tx, row, reconciled(row, { returned, adopted }));
  }

  function reserve(tx: Transaction, charge: Charge, nodeBudget: Decimal | undefined): Reservation {
    const { id, analysisId, projectId, epsilon } = charge;
    const known = tx.select().from(privacyRelease).where(eq(privacyRelease.id, id)).get();
    if (known !== undefined) return { state: known.state === "spent" ? "counted" : "reserved" };
    const row = projectId === undefined ? undefined : reconcile(tx, projectId, analysisId);
    if (row === undefined && (nodeBudget !== undefined || hasBudgets(tx))) return { state: "unknown" };
    const verdict: Reservation = row === undefined ? { state: "counted" } : judge(row, nodeBudget, charge);
    if (verdict.state === "refused") return verdict;
    const release = { id, analysisId, projectId: projectId ?? null, epsilon: formatDecimal(epsilon), at: inMs(0) };
    const isSpent = verdict.state === "counted";
    tx.insert(privacyRelease)
      .values({
        ...release,
        state: isSpent ? "spent" : "reserved",
        reservedUntil: isSpent ? null : inMs(reservationMs),
      })
      .run();
    if (row !== undefined) update(tx, row, { ...reconciled(row, { adopted: [release] }), lastReleaseAt: release.at });
    if (isSpent) append?.(tx, releasedEntry(release));
    return verdict;
  }

  function release(tx: Transaction, which: SQL | undefined): void {
    // Not `selectDistinct`: SQLite would then scan all releases in the order of their projects.
    const found = tx.select({ projectId: privacyRelease.projectId }).from(privacyRelease).where(which).all();
    for (const projectId of new Set(found.map((row) => row.projectId))) {
      if (projectId === null) continue;
      const row = findOrAdd(tx, projectId);
      update(tx, row, reconciled(row, { returned: giveBack(tx, and(eq(privacyRelease.projectId, projectId), which)) }));
    }
  }

  return {
    reserve: (charge, nodeBudget) => change((tx) => reserve(tx, charge, nodeBudget)),
    confirm: (id) =>
      change((tx) => {
        const isSought = eq(privacyRelease.id, id);
        const spent = tx
          .update(privacyRelease)
          .set({ state: "spent", reservedUntil: null })
          .where(and(isSought, isReserved))
          .returning()
          .get();
        if (spent !== undefined) append?.(tx, releasedEntry(spent));
        return tx.select().from(privacyRelease).where(isSought).get() !== undefined;
      }),
    release: (id) => change((tx) => release(tx, and(eq(privacyRelease.id, id), isReserved))),
    releaseAll: () => change((tx) => release(tx, isReserved)),

    find: (projectId, analysisId) =>
      sqlite.run((db) => {
        const isOpen = and(eq(privacyRelease.projectId, projectId), isOver());
        const isOwn = and(isUnassigned, eq(privacyRelease.analysisId, analysisId ?? ""));
        const { id } = privacyRelease;
        const isOutdated = [isOpen, isOwn].some((it) => db.select({ id }).from(privacyRelease).where(it).get());
        if (isOutdated) return asBalance(db.transaction((tx) => reconcile(tx, projectId, analysisId), immediate));
        const row = db.select().from(privacyBudget).where(eq(privacyBudget.projectId, projectId)).get();
        return row === undefined ? emptyBalance(projectId) : asBalance(row);
      }),
    page: (after, limit) =>
      change((tx) => {
        release(tx, isOver());
        const { sequence, projectId } = privacyBudget;
        const last = tx
          .select({ sequence })
          .from(privacyBudget)
          .where(eq(projectId, after ?? ""));
        const isBehind = after === undefined ? undefined : lt(sequence, sql`(${last})`);
        const query = tx.select().from(privacyBudget).where(isBehind).orderBy(desc(sequence));
        const rows = query.limit(limit + 1).all();
        const balances = rows.slice(0, limit).map(asBalance);
        const next = rows.length > limit ? balances.at(-1)?.projectId : undefined;
        const counted = tx.select({ rows: sql<number>`count(*)` }).from(privacyBudget).get();
        return { balances, next, total: counted?.rows ?? 0 };
      }),
    set: (changed) =>
      change((tx) => {
        const row = reconcile(tx, changed.projectId);
        append?.(tx, changedEntry(changed));
        const { budget, by: changedBy, reason } = changed;
        const ownBudget = budget === undefined ? null : formatDecimal(budget);
        return asBalance(update(tx, row, { ownBudget, changedAt: inMs(0), changedBy, reason }));
      }),
    listReleases: (projectId, since) =>
      sqlite.run((db) => {
        const { at, epsilon, state } = privacyRelease;
        const isSought = and(eq(privacyRelease.projectId, projectId), eq(state, "spent"), gte(at, since));
        const rows = db.select({ at, epsilon }).from(privacyRelease).where(isSought).orderBy(asc(at)).all();
        return rows.map((row) => ({ at: row.at, epsilon: readDecimal(row.epsilon) }));
      }),

    listWithoutProject: () =>
      sqlite.run((db) => {
        const { analysisId } = privacyRelease;
        const rows = db.selectDistinct({ analysisId }).from(privacyRelease).where(isUnassigned).all();
        return rows.map((row) => row.analysisId);
      }),
    setProject: (analysisId, projectId) => change((tx) => void reconcile(tx, projectId, analysisId)),
  };
}

function findOrAdd(tx: Transaction, projectId: string): Row {
  const find = () => tx.select().from(privacyBudget).where(eq(privacyBudget.projectId, projectId)).get();
  return find() ?? tx.insert(privacyBudget).values({ projectId }).returning().get();
}

function update(tx: Transaction, { projectId }: Row, changes: Partial<Row>): Row {
  const isSought = eq(privacyBudget.projectId, projectId);
  const row = tx.update(privacyBudget).set(changes).where(isSought).returning().get();
  if (row === undefined) throw new Error("SQLite gave no row where there always is one");
  return row;
}

function giveBack(tx: Transaction, which: SQL | undefined) {
  return tx.delete(privacyRelease).where(which).returning().all();
}

function adopt(tx: Transaction, analysisId: string, projectId: string) {
  const isOwn = and(isUnassigned, eq(privacyRelease.analysisId, analysisId));
  return tx.update(privacyRelease).set({ projectId }).where(isOwn).returning().all();
}

function hasBudgets(tx: Transaction): boolean {
  const { sequence } = privacyBudget;
  const row = tx.select({ sequence }).from(privacyBudget).where(isNotNull(privacyBudget.ownBudget)).limit(1).get();
  return row !== undefined;
}
