import { createRoute, z } from "@hono/zod-openapi";
import { jsonProblems } from "../json-body.ts";
import { exampleIds, invalid, jsonContent, notUuid, optionalUuid, uuidSchema, uuidText } from "../schemas.ts";
import {
  badQuery,
  dateTime,
  limitSchema,
  listOf,
  operatorProblems,
  operatorRoute,
  wholeNumber,
} from "./operator-specs.ts";

const text = z.string().nullable();
const fields = {
  project_id: uuidText,
  epsilon_budget: text.openapi({ description: "As an exact decimal; null where what is spent is only counted" }),
  epsilon_spent: z.string(),
  epsilon_left: text.openapi({ description: "0 where more is spent than the budget allows by now" }),
  releases: wholeNumber,
  is_own: z.boolean().openapi({ description: "The project has a budget of its own, in the place of the node's" }),
  last_release_at: dateTime.nullable(),
  changed_at: dateTime.nullable().openapi({ description: "When its own budget was set or removed" }),
  changed_by: text,
  reason: text,
};
export const budgetItemSchema = z
  .object(fields)
  .openapi("ProjectBudget", { description: "What a project has spent of its privacy budget, and what it may" });

const daySchema = z
  .object({ start: dateTime, releases: wholeNumber, epsilon: z.string() })
  .openapi("SpentDay", { description: "What was spent on one day (UTC)" });
const detailSchema = z
  .object({ ...fields, by_day: z.array(daySchema).openapi({ description: "The last 30 days, oldest first" }) })
  .openapi("ProjectBudgetDetail", { description: "A project's privacy budget, with its latest releases by day" });

const example = {
  project_id: exampleIds.project,
  epsilon_budget: "10",
  epsilon_spent: "2.5",
  epsilon_left: "7.5",
  releases: 5,
  is_own: true,
  last_release_at: "2026-01-31T12:00:00.000Z",
  changed_at: "2026-01-30T09:00:00.000Z",
  changed_by: "Ada",
  reason: "Agreed with the data protection officer",
};
const params = z.object({ project_id: uuidSchema("Id of a project", exampleIds.project) });

export const listBudgets = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/budgets",
  operationId: "listBudgets",
  summary: "What projects have spent of their privacy budgets",
  description: "Every project that has released something with noise, or has a budget of its own.",
  request: { query: z.object({ cursor: optionalUuid("`next_cursor` of the page before"), limit: limitSchema }) },
  responses: {
    200: jsonContent(listOf(budgetItemSchema, "BudgetList"), "Newest project first", {
      items: [example],
      next_cursor: null,
      total: 1,
    }),
    ...operatorProblems,
    422: invalid(badQuery),
  },
});

export const getBudget = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/budgets/{project_id}",
  operationId: "getProjectBudget",
  summary: "The privacy budget of a project",
  description: "With what it has spent on each of the last days. A project that nobody knows has spent nothing.",
  request: { params },
  responses: {
    200: jsonContent(detailSchema, "The budget", {
      ...example,
      by_day: [{ start: "2026-01-31T00:00:00.000Z", releases: 5, epsilon: "2.5" }],
    }),
    ...operatorProblems,
    422: invalid(notUuid("path", "project_id")),
  },
});

export const setBudget = createRoute({
  ...operatorRoute,
  method: "put",
  path: "/operator/budgets/{project_id}",
  operationId: "setProjectBudget",
  summary: "Give a project a privacy budget of its own",
  description:
    "It counts in the place of the node's; null takes it away again. Less than what is spent is accepted and refuses " +
    "releases from then on. Who changed it is put on record.",
  request: {
    params,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.object({
            epsilon: z
              .union([z.string(), z.number()])
              .nullable()
              .openapi({ description: "An exact decimal, best as text; null = the node's budget" }),
            reason: z.string().openapi({ description: "Why, for those who come later" }),
          }),
          example: { epsilon: "10", reason: "Agreed with the data protection officer" },
        },
      },
    },
  },
  responses: {
    200: jsonContent(budgetItemSchema, "The budget from now on", example),
    ...jsonProblems,
    ...operatorProblems,
    422: invalid(notUuid("path", "project_id")),
  },
});
