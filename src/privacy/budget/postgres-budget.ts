import { and, asc, desc, eq, gte, isNotNull, isNull, lt, type SQL, sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import type { PgUpdateSetSource } from "drizzle-orm/pg-core";
import type { Postgres } from "../../database/postgres-connection.ts";
import type { AppendInPostgres } from "../../record/postgres-append.ts";
import { asBalance, changedEntry, emptyBalance, judge, readDecimal, reconciled, releasedEntry } from "./balance.ts";
import { type BudgetStore, type Charge, type Reservation, reservationMs } from "./budget-store.ts";
import { type Decimal, formatDecimal } from "./decimal.ts";
import { privacyBudget, privacyRelease } from "./postgres-schema.ts";

type Transaction = Pick<BunSQLDatabase, "select" | "selectDistinct" | "insert" | "update" | "delete">;
type Row = typeof privacyBudget.$inferSelect;
type Changes = PgUpdateSetSource<typeof privacyBudget>;

const now = sql`now()`;
const isReserved = eq(privacyRelease.state, "reserved");
const isOver = and(isReserved, lt(privacyRelease.reservedUntil, now));
const isUnassigned = isNull(privacyRelease.projectId);

/** Privacy budgets in PostgreSQL, for any number of processes. All times come from its clock. */
export function createPostgresBudget(postgres: Postgres, append: AppendInPostgres | undefined): BudgetStore {
  // Every change except `set` may be repeated after a lost connection: repeating it changes nothing.
  const change = <T>(work: (tx: Transaction) => Promise<T>, repeatable = true) =>
    postgres.run((db) => db.transaction(work), { repeatable });

  async function reserve(tx: Transaction, charge: Charge, nodeBudget: Decimal | undefined): Promise<Reservation> {
    const { id, analysisId, projectId, epsilon } = charge;
    const row = projectId === undefined ? undefined : await reconcile(tx, projectId, analysisId);
    const [known] = await tx.select().from(privacyRelease).where(eq(privacyRelease.id, id));
    if (known !== undefined) return { state: known.state === "spent" ? "counted" : "reserved" };
    if (row === undefined && (nodeBudget !== undefined || (await hasBudgets(tx)))) return { state: "unknown" };
    const verdict: Reservation = row === undefined ? { state: "counted" } : judge(row, nodeBudget, charge);
    if (verdict.state === "refused") return verdict;
    const release = { id, analysisId, projectId: projectId ?? null, epsilon: formatDecimal(epsilon) };
    const isSpent = verdict.state === "counted";
    const state = isSpent ? ("spent" as const) : ("reserved" as const);
    const end = sql`now() + ${reservationMs} * interval '1 millisecond'`;
    await tx.insert(privacyRelease).values({ ...release, state, reservedUntil: isSpent ? null : end });
    if (row !== undefined) await update(tx, row, { ...reconciled(row, { adopted: [release] }), lastReleaseAt: now });
    if (isSpent) await append?.(tx, releasedEntry(release));
    return verdict;
  }

  return {
    reserve: (charge, nodeBudget) => change((tx) => reserve(tx, charge, nodeBudget)),
    confirm: (id) =>
      change(async (tx) => {
        const isSought = eq(privacyRelease.id, id);
        const [spent] = await tx
          .update(privacyRelease)
          .set({ state: "spent", reservedUntil: null })
          .where(and(isSought, isReserved))
          .returning();
        if (spent !== undefined) await append?.(tx, releasedEntry(spent));
        return (await tx.select().from(privacyRelease).where(isSought)).length > 0;
      }),
    release: (id) => change((tx) => release(tx, and(eq(privacyRelease.id, id), isReserved))),
    releaseAll: () => change((tx) => release(tx, isReserved)),

    find: async (projectId, analysisId) => {
      const found = await postgres.run(async (db) => {
        const isOpen = and(eq(privacyRelease.projectId, projectId), isOver);
        const isOwn = and(isUnassigned, eq(privacyRelease.analysisId, analysisId ?? ""));
        for (const outdated of [isOpen, isOwn]) {
          if ((await db.$count(privacyRelease, outdated)) > 0) return undefined;
        }
        const [row] = await db.select().from(privacyBudget).where(eq(privacyBudget.projectId, projectId));
        return row === undefined ? emptyBalance(projectId) : asBalance(row);
      });
      return found ?? asBalance(await change((tx) => reconcile(tx, projectId, analysisId)));
    },
    page: async (after, limit) => {
      await change((tx) => release(tx, isOver));
      return postgres.run(async (db) => {
        const { sequence, projectId } = privacyBudget;
        const last = db
          .select({ sequence })
          .from(privacyBudget)
          .where(eq(projectId, after ?? ""));
        const isBehind = after === undefined ? undefined : lt(sequence, sql`(${last})`);
        const query = db.select().from(privacyBudget).where(isBehind).orderBy(desc(sequence));
        const rows = await query.limit(limit + 1);
        const balances = rows.slice(0, limit).map(asBalance);
        const next = rows.length > limit ? balances.at(-1)?.projectId : undefined;
        return { balances, next, total: await db.$count(privacyBudget) };
      });
    },
    set: (changed) =>
      change(async (tx) => {
        const row = await reconcile(tx, changed.projectId);
        await append?.(tx, changedEntry(changed));
        const { budget, by: changedBy, reason } = changed;
        const ownBudget = budget === undefined ? null : formatDecimal(budget);
        return asBalance(await update(tx, row, { ownBudget, changedAt: now, changedBy, reason }));
      }, false),
    listReleases: (projectId, since) =>
      postgres.run(async (db) => {
        const { at, epsilon, state } = privacyRelease;
        const isSought = and(eq(privacyRelease.projectId, projectId), eq(state, "spent"), gte(at, since));
        const rows = await db.select({ at, epsilon }).from(privacyRelease).where(isSought).orderBy(asc(at));
        return rows.map((row) => ({ at: row.at, epsilon: readDecimal(row.epsilon) }));
      }),

    listWithoutProject: () =>
      postgres.run(async (db) => {
        const { analysisId } = privacyRelease;
        const rows = await db.selectDistinct({ analysisId }).from(privacyRelease).where(isUnassigned);
        return rows.map((row) => row.analysisId);
      }),
    setProject: (analysisId, projectId) => change(async (tx) => void (await reconcile(tx, projectId, analysisId))),
  };
}

/** Waits for other charges of the same project. Later statements see what those have written. */
async function lock(tx: Transaction, projectId: string): Promise<Row> {
  const find = () => tx.select().from(privacyBudget).where(eq(privacyBudget.projectId, projectId)).for("update");
  const [row] = await find();
  if (row !== undefined) return row;
  await tx.insert(privacyBudget).values({ projectId }).onConflictDoNothing();
  return theOne(await find());
}

async function reconcile(tx: Transaction, projectId: string, analysisId?: string): Promise<Row> {
  const row = await lock(tx, projectId);
  const returned = await giveBack(tx, and(eq(privacyRelease.projectId, projectId), isOver));
  const adopted = analysisId === undefined ? [] : await adopt(tx, analysisId, projectId);
  return returned.length + adopted.length === 0 ? row : update(tx, row, reconciled(row, { returned, adopted }));
}

/** Locks projects in the order of their ids, so that two transactions cannot deadlock. */
async function release(tx: Transaction, which: SQL | undefined): Promise<void> {
  const { projectId: id } = privacyRelease;
  const projects = await tx.selectDistinct({ projectId: id }).from(privacyRelease).where(which).orderBy(asc(id));
  for (const { projectId } of projects) {
    if (projectId === null) continue;
    const row = await lock(tx, projectId);
    const returned = await giveBack(tx, and(eq(privacyRelease.projectId, projectId), which));
    await update(tx, row, reconciled(row, { returned }));
  }
}

async function update(tx: Transaction, { projectId }: Row, changes: Changes): Promise<Row> {
  const isSought = eq(privacyBudget.projectId, projectId);
  return theOne(await tx.update(privacyBudget).set(changes).where(isSought).returning());
}

function theOne([row]: readonly Row[]): Row {
  if (row === undefined) throw new Error("PostgreSQL gave no row where there always is one");
  return row;
}

function giveBack(tx: Transaction, which: SQL | undefined) {
  return tx.delete(privacyRelease).where(which).returning();
}

function adopt(tx: Transaction, analysisId: string, projectId: string) {
  const isOwn = and(isUnassigned, eq(privacyRelease.analysisId, analysisId));
  return tx.update(privacyRelease).set({ projectId }).where(isOwn).returning();
}

async function hasBudgets(tx: Transaction): Promise<boolean> {
  const { sequence } = privacyBudget;
  return (
    (await tx.select({ sequence }).from(privacyBudget).where(isNotNull(privacyBudget.ownBudget)).limit(1)).length > 0
  );
}
