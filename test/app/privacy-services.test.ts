import { expect, test } from "bun:test";
import { assignReleases } from "../../src/app/privacy-services.ts";
import type { BudgetStore } from "../../src/privacy/budget/budget-store.ts";

test("what was spent while the Hub was away is given to the projects that it names later, and to no others", async () => {
  const given: [string, string][] = [];
  const budgets = {
    listWithoutProject: async () => ["known", "forgotten", "other"],
    setProject: async (analysisId: string, projectId: string) => void given.push([analysisId, projectId]),
  } satisfies Pick<BudgetStore, "listWithoutProject" | "setProject">;
  const projects: Record<string, string> = { known: "p1", other: "p2" };
  const hub = { findProjectId: async (analysisId: string) => projects[analysisId] };
  expect(await assignReleases({ budgets: budgets as unknown as BudgetStore }, hub).run()).toBe(0);
  expect(given).toEqual([
    ["known", "p1"],
    ["other", "p2"],
  ]);
});
