import type { z } from "@hono/zod-openapi";
import { fieldProblem } from "../../errors.ts";
import type { BudgetView, SpentDay } from "../../privacy/budget/budget-book.ts";
import { type Decimal, formatDecimal, parseDecimal } from "../../privacy/budget/decimal.ts";
import { limitJson } from "../json-body.ts";
import { requireOperator } from "../operator-auth.ts";
import { createRouter } from "../router.ts";
import * as specs from "./operator-budgets-specs.ts";
import type { OperatorRouteDeps } from "./operator-deps.ts";

const longestText = 1_000;

export function operatorBudgetRoutes({ operator }: OperatorRouteDeps) {
  const router = createRouter();
  const middleware = [requireOperator(() => operator.operators)];

  router.openapi({ ...specs.listBudgets, middleware }, async (c) => {
    const { cursor, limit } = c.req.valid("query");
    const { budgets, next, total } = await operator.budgets.page(cursor, limit);
    return c.json({ items: budgets.map(describe), next_cursor: next ?? null, total }, 200);
  });

  router.openapi({ ...specs.getBudget, middleware }, async (c) => {
    const found = await operator.budgets.find(c.req.valid("param").project_id);
    return c.json({ ...describe(found), by_day: found.byDay.map(describeDay) }, 200);
  });

  router.openapi({ ...specs.setBudget, middleware: [...middleware, limitJson] }, async (c) => {
    const { epsilon, reason } = c.req.valid("json");
    const change = {
      projectId: c.req.valid("param").project_id,
      budget: epsilon === null ? undefined : readBudget(String(epsilon)),
      by: c.get("operator").name,
      reason: readReason(reason),
    };
    return c.json(describe(await operator.budgets.set(change)), 200);
  });

  return router;
}

function readBudget(text: string): Decimal {
  const budget = text.length > longestText ? undefined : parseDecimal(text.trim());
  if (budget !== undefined) return budget;
  const message = "Input should be a decimal number that is not negative";
  throw fieldProblem({ field: "epsilon", problem: "decimal_parsing", message, input: text.slice(0, longestText) });
}

function readReason(text: string): string {
  const reason = text.trim();
  if (reason !== "" && reason.length <= longestText && !reason.includes("\0")) return reason.toWellFormed();
  const message = `Input should be a reason of 1 to ${longestText} characters`;
  throw fieldProblem({ field: "reason", problem: "string_too_short", message, input: text.slice(0, longestText) });
}

function describe(found: BudgetView): z.infer<typeof specs.budgetItemSchema> {
  const { budget, left, ownBudget, change } = found;
  return {
    project_id: found.projectId,
    epsilon_budget: budget === undefined ? null : formatDecimal(budget),
    epsilon_spent: formatDecimal(found.spent),
    epsilon_left: left === undefined ? null : formatDecimal(left),
    releases: found.releases,
    is_own: ownBudget !== undefined,
    last_release_at: found.lastReleaseAt?.toISOString() ?? null,
    changed_at: change?.at.toISOString() ?? null,
    changed_by: change?.by ?? null,
    reason: change?.reason ?? null,
  };
}

function describeDay({ start, releases, epsilon }: SpentDay) {
  return { start: start.toISOString(), releases, epsilon: formatDecimal(epsilon) };
}
