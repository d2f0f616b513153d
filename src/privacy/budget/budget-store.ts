import type { Decimal } from "./decimal.ts";

/** An amount of epsilon to take from a budget. */
export interface Charge {
  /** A UUID that identifies repetitions of the same charge. */
  readonly id: string;
  readonly analysisId: string;
  /** `undefined` if the Hub cannot be asked for it. */
  readonly projectId: string | undefined;
  readonly epsilon: Decimal;
}

/**
 * The outcome of a charge. `reserved`: the project's budget covers it; `confirm` must be called before noise is drawn.
 * `counted`: no budget applies, or the charge was confirmed before; it is spent. `refused`: less than this is left.
 * `unknown`: the project is unknown, and there are budgets that might apply to it.
 */
export type Reservation =
  | { readonly state: "reserved" | "counted" | "unknown" }
  | { readonly state: "refused"; readonly budget: Decimal; readonly left: Decimal };

/** What a project has spent, and its budget. */
export interface Balance {
  readonly projectId: string;
  /** The project's own budget, which replaces the node's. */
  readonly ownBudget: Decimal | undefined;
  /** Includes what is reserved now. */
  readonly spent: Decimal;
  readonly releases: number;
  readonly lastReleaseAt: Date | undefined;
  /** When, by whom and why the project's own budget was last set or removed. */
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
  /** `undefined`: from now on the node's budget applies. */
  readonly budget: Decimal | undefined;
  readonly by: string;
  readonly reason: string;
}

export interface Release {
  readonly at: Date;
  readonly epsilon: Decimal;
}

/** How long a reservation is kept if its process dies before it confirms. */
export const reservationMs = 60_000;

/**
 * What projects have spent of their privacy budgets, release by release. If two charges arrive at once, the second
 * waits for the first, so that both together never take more than is left. What was confirmed or counted is never
 * returned. If the node keeps a record, the same transaction writes `dp.released` or `budget.changed` to it.
 *
 * Every function throws `AppError("database")` when the database fails, and `storage_full` when it has no room.
 */
export interface BudgetStore {
  /** `nodeBudget` applies to every project without its own budget. Repeating a call changes nothing. */
  reserve(charge: Charge, nodeBudget: Decimal | undefined): Promise<Reservation>;
  /** Spends a reservation for good. `false` if it was returned meanwhile. Repeating a call changes nothing. */
  confirm(id: string): Promise<boolean>;
  /** Returns a reservation that is not confirmed to the budget. */
  release(id: string): Promise<void>;
  /** Returns all reservations that are not confirmed. Only for a process that uses the database alone. */
  releaseAll(): Promise<void>;

  /**
   * The balance of a project; zero if it has no row. If `analysisId` is given, the project takes over what that
   * analysis spent while its project was unknown.
   */
  find(projectId: string, analysisId?: string): Promise<Balance>;
  /** Newest project first. `after` is the `next` of the page before. */
  page(after: string | undefined, limit: number): Promise<BalancePage>;
  set(change: BudgetChange): Promise<Balance>;
  /** The project's confirmed and counted releases since that time, oldest first. */
  listReleases(projectId: string, since: Date): Promise<Release[]>;

  /** The analyses that have spent something while their project was unknown. */
  listWithoutProject(): Promise<string[]>;
  /** Assigns those releases of the analysis to its project. */
  setProject(analysisId: string, projectId: string): Promise<void>;
}
