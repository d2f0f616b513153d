import { createRoute, z } from "@hono/zod-openapi";
import { recordEvents } from "../../record/record-store.ts";
import { describeHeaders, exampleIds, invalid, jsonContent, optionalUuid } from "../schemas.ts";
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
const entrySchema = z
  .object({
    sequence: wholeNumber,
    time: dateTime,
    event: z.string(),
    actor: text,
    analysis_id: text,
    project_id: text,
    object_id: text,
    peer_node_id: text,
    bytes: wholeNumber.nullable(),
    sha256: text,
    request_id: text,
    outcome: z.string().openapi({ description: "`ok`, `failed` or `denied`" }),
    hash: z.string().openapi({ description: "SHA-256 of the previous row's hash and this row" }),
  })
  .openapi("RecordRow", { description: "Something that left this node, came in, was decided or destroyed" });

const exampleRow = {
  sequence: 17,
  time: "2026-01-31T12:00:00.000Z",
  event: "intermediate.sent",
  actor: exampleIds.analysis,
  analysis_id: exampleIds.analysis,
  project_id: null,
  object_id: exampleIds.hubFile,
  peer_node_id: exampleIds.node,
  bytes: 1024,
  sha256: "ab".repeat(32),
  request_id: "3f2b8a0c-7a51-4c1e-9d2c-8a4f0e6b1d57",
  outcome: "ok",
  hash: "9f".repeat(32),
};

const moment = (description: string) =>
  z.iso
    .datetime({ offset: true })
    .transform((value) => new Date(value))
    .openapi({ type: "string", format: "date-time", description });
const filters = {
  event: z.enum(recordEvents).optional().openapi({ description: "Rows of this kind alone" }),
  project_id: optionalUuid("Rows of this project alone"),
  analysis_id: optionalUuid("Rows of this analysis alone"),
  from: moment("Not before this moment").optional(),
  to: moment("Before this moment").optional(),
};

export const listRecord = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/record",
  operationId: "listRecord",
  summary: "What left this node, and who let it",
  description: "Also what came in, was decided, spent or destroyed. That it was read is put on record.",
  request: {
    query: z.object({
      ...filters,
      cursor: z
        .string()
        .regex(/^[1-9]\d{0,14}$/)
        .optional()
        .openapi({ description: "`next_cursor` of the page before" }),
      limit: limitSchema,
    }),
  },
  responses: {
    200: jsonContent(listOf(entrySchema, "RecordList"), "Newest first", {
      items: [exampleRow],
      next_cursor: null,
      total: 1,
    }),
    ...operatorProblems,
    422: invalid(badQuery),
  },
});

const download = {
  "X-Content-Type-Options": { example: "nosniff", description: "Browsers must save it, never show it" },
  "Content-Disposition": { example: 'attachment; filename="record.jsonl"', description: "A file" },
};
const plain = { type: "string" } as const;

export const exportRecord = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/record/export",
  operationId: "exportRecord",
  summary: "The record as a file",
  description: "All rows that fit, streamed. That it was exported is put on record first.",
  request: {
    query: z.object({
      ...filters,
      format: z
        .enum(["jsonl", "csv"])
        .default("jsonl")
        .openapi({ description: "One JSON object in each line, or CSV" }),
    }),
  },
  responses: {
    200: {
      description:
        "Oldest first. In CSV, what a spreadsheet would take for a formula has an apostrophe in front of it.",
      headers: describeHeaders(download),
      content: { "application/jsonl": { schema: plain }, "text/csv": { schema: plain } },
    },
    ...operatorProblems,
    422: invalid({ type: "invalid_value", loc: ["query", "format"], msg: "Invalid option", input: "xlsx" }),
  },
});

const verificationSchema = z
  .object({
    intact: z.boolean(),
    rows: wholeNumber.openapi({ description: "How many fit, from the first one on" }),
    first_sequence: wholeNumber.nullable(),
    head: z
      .object({ sequence: wholeNumber, hash: z.string() })
      .nullable()
      .openapi({ description: "The last that fits" }),
    broken: z.object({ sequence: wholeNumber, reason: z.string() }).nullable(),
  })
  .openapi("RecordVerification", { description: "Whether the record is what was sealed" });

export const verifyRecord = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/record/verify",
  operationId: "verifyRecord",
  summary: "Compute the chain of hashes anew",
  description:
    "Names the first row that is not as it was sealed. Only a head from the log tells whether the newest rows were cut off.",
  request: {
    query: z.object({
      head: z
        .string()
        .regex(/^[0-9a-fA-F]{64}$/)
        .optional()
        .openapi({
          description: "A head that the log has told: the chain must still go through it",
        }),
    }),
  },
  responses: {
    200: jsonContent(verificationSchema, "What was found", {
      intact: true,
      rows: 17,
      first_sequence: 1,
      head: { sequence: 17, hash: "9f".repeat(32) },
      broken: null,
    }),
    ...operatorProblems,
    422: invalid({ type: "invalid_format", loc: ["query", "head"], msg: "Invalid string", input: "42" }),
  },
});
