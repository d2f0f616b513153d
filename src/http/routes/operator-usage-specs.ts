import { createRoute, z } from "@hono/zod-openapi";
import { exampleIds, invalid, jsonContent, optionalUuid, upstreamProblem, uuidText } from "../schemas.ts";
import {
  badQuery,
  dateTime,
  limitSchema,
  listFields,
  operatorProblems,
  operatorRoute,
  wholeNumber,
} from "./operator-specs.ts";

const volume = { bytes: wholeNumber, objects: wholeNumber };
const quota = wholeNumber.nullable().openapi({ description: "null: there is no limit" });

const projectUsageSchema = z
  .object({
    project_id: uuidText,
    ...volume,
    quota_bytes: quota,
    expiring: z
      .object({
        ...volume,
        due_bytes: wholeNumber.openapi({ description: "Of these, what is due already" }),
        due_objects: wholeNumber,
      })
      .nullable()
      .openapi({ description: "What the rules will remove sooner or later; null where they remove nothing of it" }),
  })
  .openapi("ProjectUsage");

const usageSchema = z
  .object({
    ...listFields(projectUsageSchema),
    node: z.object({
      ...volume,
      projects: wholeNumber,
      reserved_bytes: wholeNumber.openapi({ description: "Promised to uploads that are under way" }),
      waiting_bytes: wholeNumber.openapi({ description: "Final results that wait for the Hub" }),
      quota_bytes: quota,
    }),
    days: z
      .array(z.object({ day: z.string(), ...volume }))
      .openapi({ description: "At the end of each day, oldest first; empty where neither a rule nor a quota is set" }),
    listing: z
      .object({ objects: wholeNumber })
      .nullable()
      .openapi({ description: "How far the first listing of the store has come, while it runs" }),
  })
  .openapi("Usage", { description: "What lies on this node, by project" });

const cursor = z.string().max(100).optional().openapi({ description: "`next_cursor` of the page before" });
const storeProblems = { ...operatorProblems, 502: upstreamProblem("store") };
const example = { bytes: 1048576, objects: 3 };

export const getUsage = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/usage",
  operationId: "getOperatorUsage",
  summary: "How much lies on this node",
  description:
    "Projects by size, the largest first. Without a rule or a quota the store is listed for it, once a minute at most.",
  request: { query: z.object({ cursor, limit: limitSchema }) },
  responses: {
    200: jsonContent(usageSchema, "The usage", {
      items: [
        {
          project_id: exampleIds.project,
          ...example,
          quota_bytes: 1073741824,
          expiring: { ...example, due_bytes: 0, due_objects: 0 },
        },
      ],
      next_cursor: null,
      total: 1,
      node: { ...example, projects: 1, reserved_bytes: 0, waiting_bytes: 0, quota_bytes: null },
      days: [{ day: "2026-01-31", ...example }],
      listing: null,
    }),
    ...storeProblems,
    422: invalid(badQuery),
  },
});

const expiringSchema = z
  .object({
    project_id: uuidText,
    object_id: uuidText,
    bytes: wholeNumber,
    stored_at: dateTime,
    tags: z.array(z.string()),
    goes_at: dateTime.openapi({ description: "When it will be removed, at the earliest; never in the past" }),
  })
  .openapi("ExpiringResult");

const previewSchema = z
  .object({
    ...listFields(expiringSchema),
    rules: z.object({
      untagged_days: wholeNumber,
      tagged_days: wholeNumber,
      tags: z.array(z.object({ pattern: z.string(), days: wholeNumber })),
    }),
    preview_until: dateTime
      .nullable()
      .openapi({ description: "Until then the rules only show what they would remove; null once they remove it" }),
    due: z.object(volume).openapi({ description: "What the next sweep would remove" }),
  })
  .openapi("RetentionPreview", { description: "What the rules will remove, and when" });

export const previewRetention = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/retention/preview",
  operationId: "previewRetention",
  summary: "What the rules will remove, and when",
  description: "By project and object, whatever will go sooner or later.",
  request: { query: z.object({ project_id: optionalUuid("Of this project alone"), cursor, limit: limitSchema }) },
  responses: {
    200: jsonContent(previewSchema, "The preview", {
      items: [
        {
          project_id: exampleIds.project,
          object_id: exampleIds.object,
          bytes: 1048576,
          stored_at: "2026-01-31T12:00:00.000Z",
          tags: ["checkpoint-7"],
          goes_at: "2026-02-14T12:00:00.000Z",
        },
      ],
      next_cursor: null,
      total: 1,
      rules: { untagged_days: 0, tagged_days: 0, tags: [{ pattern: "checkpoint-*", days: 14 }] },
      preview_until: null,
      due: { bytes: 0, objects: 0 },
    }),
    ...operatorProblems,
    422: invalid(badQuery),
  },
});
