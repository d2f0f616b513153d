import type { AuditFields, Log } from "../../log.ts";
import type { Balance, BudgetChange, BudgetStore } from "./budget-store.ts";
import { add, type Decimal, formatDecimal, subtract, zero } from "./decimal.ts";

/** A project's budget as operators see it. */
export interface BudgetView extends Balance {
  /** The project's own budget, or else the node's. `undefined`: spending is only counted. */
  readonly budget: Decimal | undefined;
  readonly left: Decimal | undefined;
}

export interface SpentDay {
  readonly start: Date;
  readonly releases: number;
  readonly epsilon: Decimal;
}

/** The privacy budgets for operators. */
export interface BudgetBook {
  page(
    after: string | undefined,
    limit: number,
  ): Promise<{ readonly budgets: readonly BudgetView[]; readonly next: string | undefined; readonly total: number }>;
  /** The budget of a project, with its spending on each of the last 30 days, oldest first. */
  find(projectId: string): Promise<BudgetView & { readonly byDay: readonly SpentDay[] }>;
  set(change: BudgetChange): Promise<BudgetView>;
}

export interface BudgetBookDeps {
  readonly store: BudgetStore;
  readonly nodeBudget: Decimal | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

const dayMs = 24 * 3_600_000;
const shownDays = 30;

export function createBudgetBook({ store, nodeBudget, now, log }: BudgetBookDeps): BudgetBook {
  function view(balance: Balance): BudgetView {
    const budget = balance.ownBudget ?? nodeBudget;
    return { ...balance, budget, left: budget && subtract(budget, balance.spent) };
  }

  return {
    async page(after, limit) {
      const { balances, next, total } = await store.page(after, limit);
      return { budgets: balances.map(view), next, total };
    },
    async find(projectId) {
      const firstMs = (Math.floor(now() / dayMs) - shownDays + 1) * dayMs;
      const days = Array.from({ length: shownDays }, (_, day) => {
        return { start: new Date(firstMs + day * dayMs), releases: 0, epsilon: zero };
      });
      for (const { at, epsilon } of await store.listReleases(projectId, new Date(firstMs))) {
        const day = days[Math.floor((at.getTime() - firstMs) / dayMs)];
        if (day === undefined) continue;
        day.releases += 1;
        day.epsilon = add(day.epsilon, epsilon);
      }
      return { ...view(await store.find(projectId)), byDay: days };
    },
    async set(change) {
      const changed = view(await store.set(change));
      const { projectId, budget, by, reason } = change;
      const epsilon = budget === undefined ? null : formatDecimal(budget);
      log.info("budget.changed", { projectId, user: by, epsilon, reason, outcome: "ok" } satisfies AuditFields);
      return changed;
    },
  };
}
