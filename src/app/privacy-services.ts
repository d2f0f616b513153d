import type { HubDirectory } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import { type Decimal, parseDecimal } from "../privacy/budget/decimal.ts";
import { createPrivacyBudget, type PrivacyBudget } from "../privacy/budget/privacy-budget.ts";
import type { Sweep } from "../results/reconciler.ts";
import type { Settings } from "../settings/settings.ts";
import type { Storage } from "./storage.ts";

export function openPrivacyBudget(settings: Settings, { budgets }: Pick<Storage, "budgets">, log: Log): PrivacyBudget {
  return createPrivacyBudget({
    store: budgets,
    ...readBudgets(settings),
    // Without queue and record a final result needs no database. Counting what it spends must not change that.
    mayGoUncounted: !settings.final.queue && !settings.record.isEnabled,
    newId: () => crypto.randomUUID(),
    log,
  });
}

/** Charges projects for releases made while the Hub could not name the project. Resolves with 0: it removes nothing. */
export function assignReleases({ budgets }: Pick<Storage, "budgets">, hub: Pick<HubDirectory, "findProjectId">): Sweep {
  return {
    what: "releases of unknown projects",
    async run() {
      for (const analysisId of await budgets.listWithoutProject()) {
        const projectId = await hub.findProjectId(analysisId);
        if (projectId !== undefined) await budgets.setProject(analysisId, projectId);
      }
      return 0;
    },
  };
}

export interface Budgets {
  readonly nodeBudget: Decimal | undefined;
  readonly maxEpsilon: Decimal | undefined;
}

/** Parses the privacy budgets of the settings. The check of the settings has already accepted their texts. */
export function readBudgets({ privacy: { projectEpsilon, maxEpsilon } }: Settings): Budgets {
  return { nodeBudget: read(projectEpsilon), maxEpsilon: read(maxEpsilon) };
}

function read(text: string | undefined): Decimal | undefined {
  if (text === undefined) return undefined;
  const decimal = parseDecimal(text);
  if (decimal === undefined) throw new Error("a number of the settings got past their check");
  return decimal;
}
