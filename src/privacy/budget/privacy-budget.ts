import { AppError, reasonOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { BudgetStore } from "./budget-store.ts";
import { type Decimal, formatDecimal, isMore } from "./decimal.ts";
import { floorToDouble } from "./epsilon.ts";

export interface Spending {
  readonly analysisId: string;
  /** `undefined` if the Hub could not be asked. `findProject` asks again if a budget may apply. */
  readonly projectId: string | undefined;
  readonly epsilon: Decimal;
  /** Throws if the project cannot be found out. */
  readonly findProject: () => Promise<string>;
}

/** A release's charge. Once it exists, noise may be drawn. */
export interface Spent {
  /** Whether the project has a budget that covered this release. */
  readonly isWithinBudget: boolean;
  readonly projectId: string | undefined;
}

export interface BudgetState {
  readonly projectId: string;
  /** `undefined`: spending is only counted. */
  readonly budget: Decimal | undefined;
  readonly spent: Decimal;
  readonly releases: number;
}

/** Basic composition (Dwork and Roth 2014, theorem 3.16): the costs of a project's releases add up. */
export interface PrivacyBudget {
  /** Throws `invalid_input` if epsilon is above the node's maximum for one release. */
  refuseTooMuch(epsilon: Decimal): void;
  /**
   * Takes a release's epsilon from its project's budget, for good. Throws `forbidden` if less is left. If a budget may
   * apply, it also throws the errors of the database and of `findProject`. After such an error the release must not
   * happen; the epsilon may be spent all the same.
   */
  spend(spending: Spending): Promise<Spent>;
  find(projectId: string, analysisId: string): Promise<BudgetState>;
}

export interface PrivacyBudgetDeps {
  readonly store: BudgetStore;
  /** The budget of every project without its own. */
  readonly nodeBudget: Decimal | undefined;
  /** The most that one release may cost. */
  readonly maxEpsilon: Decimal | undefined;
  /** Whether a release may go on that the database cannot count. It never may if the node has a budget. */
  readonly mayGoUncounted: boolean;
  readonly newId: () => string;
  readonly log: Log;
}

export function createPrivacyBudget(deps: PrivacyBudgetDeps): PrivacyBudget {
  const { store, nodeBudget, maxEpsilon, log } = deps;

  function refuse({ analysisId, epsilon }: Spending, projectId: string, budget: Decimal, left: Decimal): AppError {
    log.info("budget.refused", { analysisId, projectId, epsilon: formatDecimal(epsilon) });
    const [asked, rest, whole] = [epsilon, left, budget].map(formatDecimal);
    const problem = `The privacy budget of project ${projectId} is used up: epsilon ${asked} was asked for, ${rest} of ${whole} are left.`;
    return new AppError("forbidden", problem);
  }

  async function take(spending: Spending, projectId: string | undefined): Promise<Spent> {
    const { analysisId, epsilon } = spending;
    const id = deps.newId();
    const reservation = await store.reserve({ id, analysisId, projectId, epsilon }, nodeBudget);
    if (reservation.state === "unknown" || (reservation.state !== "counted" && projectId === undefined)) {
      return take(spending, await spending.findProject());
    }
    if (reservation.state === "refused") throw refuse(spending, projectId ?? "", reservation.budget, reservation.left);
    const isWithinBudget = reservation.state === "reserved";
    // Noise is drawn only after this. A process that dies earlier leaves only a reservation, which ends by itself.
    if (isWithinBudget && !(await store.confirm(id))) {
      const operatorDetail = "a reservation of the privacy budget had ended before it was confirmed";
      throw new AppError("database", "The database is not available", { operatorDetail });
    }
    log.debug("budget.spent", { analysisId, projectId, epsilon: floorToDouble(epsilon) });
    return { isWithinBudget, projectId };
  }

  return {
    refuseTooMuch(epsilon) {
      if (maxEpsilon === undefined || !isMore(epsilon, maxEpsilon)) return;
      throw new AppError("invalid_input", `epsilon must be at most ${formatDecimal(maxEpsilon)} on this node.`);
    },
    async spend(spending) {
      const { analysisId, projectId } = spending;
      try {
        return await take(spending, projectId);
      } catch (error) {
        const isOutage = error instanceof AppError && ["database", "storage_full"].includes(error.code);
        if (!isOutage || !deps.mayGoUncounted || nodeBudget !== undefined) throw error;
        log.warn("budget.uncounted", { analysisId, epsilon: floorToDouble(spending.epsilon), reason: reasonOf(error) });
        return { isWithinBudget: false, projectId };
      }
    },
    async find(projectId, analysisId) {
      const { ownBudget, spent, releases } = await store.find(projectId, analysisId);
      return { projectId, budget: ownBudget ?? nodeBudget, spent, releases };
    },
  };
}
