import type { Decimal } from "./decimal.ts";

/** What is to be taken from a budget. */
export interface Charge {
  /** A UUID by which writing it again is known as a repetition. */
  readonly id: string;
  readonly analysisId: string;
  /** `undefined` where the Hub cannot tell. */
  readonly projectId: string | undefined;
  readonly epsilon: Decimal;
}

/**
 * `reserved`: it is within the budget that stands over the project, and is to be confirmed before noise is drawn. `counted`:
 * no budget stands over it; it is spent already. `refused`: it is more than is left. `unknown`: there are budgets, and nobody
 * knows whether one stands over it.
 */
export type Reservation =
  | { readonly state: "reserved" | "counted" | "unknown" }
  | { readonly state: "refused"; readonly budget: Decimal; readonly left: Decimal };

/** What a project has spent, and what it may. */
export interface Balance {
  readonly projectId: string;
  /** Its own one, which counts in the place of the node's. */
  readonly ownBudget: Decimal | undefined;
  /** With what is reserved at this moment. */
  readonly spent: Decimal;
  readonly releases: number;
  readonly lastReleaseAt: Date | undefined;
  /** When, by whom and why its own budget was set or removed. */
  readonly change: { readonly at: Date; readonly by: string; readonly reason: string } | undefined;
}

export interface BalancePage {
  readonly balances: readonly Balance[];
  /** `after` of the next page; `undefined` on the last one. */
  readonly next: string | undefined;
  readonly total: number;
}

export interface BudgetChange {
  readonly projectId: string;
  /** `undefined`: the node's counts from now on. */
  readonly budget: Decimal | undefined;
  readonly by: string;
  readonly reason: string;
}

export interface Release {
  readonly at: Date;
  readonly epsilon: Decimal;
}

/** So long is a reservation kept whose process died before it could confirm it. */
export const reservationMs = 60_000;

/**
 * What projects have spent of their privacy budgets, release by release. Of two charges at once the second one waits, so that
 * both together never take more than is left. What was confirmed or counted is never given back. Where there is a record,
 * `dp.released` and `budget.changed` are put on it in the same transaction.
 *
 * Every function throws `AppError("database")` when the database fails, `storage_full` when it has no room.
 */
export interface BudgetStore {
  /** `nodeBudget` stands over every project that has none of its own. Repeating it changes nothing. */
  reserve(charge: Charge, nodeBudget: Decimal | undefined): Promise<Reservation>;
  /** Spends what was reserved, for good; `false` if it was given back meanwhile. Repeating it changes nothing. */
  confirm(id: string): Promise<boolean>;
  /** Gives back what was reserved and is not confirmed. */
  release(id: string): Promise<void>;
  /** Gives back everything that is not confirmed; only for a process that has the database to itself. */
  releaseAll(): Promise<void>;

  /** Zero for a project that has no row. What the analysis has spent while its project was unknown is the project's. */
  find(projectId: string, analysisId?: string): Promise<Balance>;
  /** Newest project first, behind the one that `next` of another page named. */
  page(after: string | undefined, limit: number): Promise<BalancePage>;
  set(change: BudgetChange): Promise<Balance>;
  /** Of a project since then, oldest first. */
  listReleases(projectId: string, since: Date): Promise<Release[]>;

  /** The analyses that have spent something while their project was unknown. */
  listWithoutProject(): Promise<string[]>;
  /** Says whose that is. */
  setProject(analysisId: string, projectId: string): Promise<void>;
}
