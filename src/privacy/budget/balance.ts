import type { NewEntry } from "../../record/record-store.ts";
import type { Balance, BudgetChange, Charge, Reservation } from "./budget-store.ts";
import { add, type Decimal, formatDecimal, isMore, parseDecimal, subtract, zero } from "./decimal.ts";

/** The columns that both databases have. */
export interface BalanceRow {
  readonly projectId: string;
  readonly ownBudget: string | null;
  readonly spent: string;
  readonly releases: number;
  readonly lastReleaseAt: Date | null;
  readonly changedAt: Date | null;
  readonly changedBy: string | null;
  readonly reason: string | null;
}

export interface ReleaseRow {
  readonly projectId: string | null;
  readonly analysisId: string;
  readonly epsilon: string;
}

type Epsilons = readonly Pick<ReleaseRow, "epsilon">[];

export function readDecimal(text: string): Decimal {
  const decimal = parseDecimal(text);
  if (decimal === undefined) throw new Error("a number of the privacy budgets was changed by somebody else");
  return decimal;
}

export function asBalance(row: BalanceRow): Balance {
  const { changedAt, changedBy, reason } = row;
  return {
    projectId: row.projectId,
    ownBudget: row.ownBudget === null ? undefined : readDecimal(row.ownBudget),
    spent: readDecimal(row.spent),
    releases: row.releases,
    lastReleaseAt: row.lastReleaseAt ?? undefined,
    change: changedAt === null ? undefined : { at: changedAt, by: changedBy ?? "", reason: reason ?? "" },
  };
}

export function emptyBalance(projectId: string): Balance {
  const none = undefined;
  return { projectId, ownBudget: none, spent: zero, releases: 0, lastReleaseAt: none, change: none };
}

/**
 * The sum and the number of releases of a project, after some of its reservations were returned and releases without a
 * project were assigned to it.
 */
export function reconciled(
  { spent, releases }: Pick<BalanceRow, "spent" | "releases">,
  { returned, adopted }: { readonly returned?: Epsilons; readonly adopted?: Epsilons },
): { spent: string; releases: number } {
  const sum = (rows: Epsilons = []) => rows.map(({ epsilon }) => readDecimal(epsilon)).reduce(add, zero);
  const total = subtract(add(readDecimal(spent), sum(adopted)), sum(returned));
  return { spent: formatDecimal(total), releases: releases + (adopted?.length ?? 0) - (returned?.length ?? 0) };
}

/** Whether the budget covers a charge in addition to what is already spent. */
export function judge(
  { ownBudget, spent }: Pick<BalanceRow, "ownBudget" | "spent">,
  nodeBudget: Decimal | undefined,
  { epsilon }: Pick<Charge, "epsilon">,
): Reservation {
  const budget = ownBudget === null ? nodeBudget : readDecimal(ownBudget);
  if (budget === undefined) return { state: "counted" };
  const before = readDecimal(spent);
  if (!isMore(add(before, epsilon), budget)) return { state: "reserved" };
  return { state: "refused", budget, left: subtract(budget, before) };
}

export function releasedEntry({ analysisId, projectId }: Pick<ReleaseRow, "analysisId" | "projectId">): NewEntry {
  const project = projectId ?? undefined;
  return { event: "dp.released", actor: analysisId, analysisId, projectId: project, outcome: "ok" };
}

export function changedEntry({ projectId, by }: BudgetChange): NewEntry {
  return { event: "budget.changed", actor: by, projectId, outcome: "ok" };
}
