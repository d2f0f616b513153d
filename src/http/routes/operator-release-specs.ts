import { createRoute, z } from "@hono/zod-openapi";
import { releaseStatuses } from "../../release/release-store.ts";
import { jsonProblems } from "../json-body.ts";
import {
  describeHeaders,
  exampleIds,
  fileBytes,
  invalid,
  jsonContent,
  missing,
  notUuid,
  optionalUuid,
  problem,
  upstreamProblem,
  uuidSchema,
} from "../schemas.ts";
import { exampleDetails, exampleRelease, releaseDetails, releaseItem } from "./operator-release-schemas.ts";
import { badQuery, limitSchema, listOf, operatorProblems, operatorRoute } from "./operator-specs.ts";

const unknown = `Submission with ID ${exampleIds.submission} does not exist`;
const decided = `Submission ${exampleIds.submission} was already approved by Ada at 2026-01-31T12:00:00.000Z.`;
const params = z.object({ submission_id: uuidSchema("Id of a submission", exampleIds.submission) });
const notFound = problem("It never was held, or there are no operators", [unknown, "Not Found"]);
const conflict = problem("Somebody was first", [decided]);
const changed = problem("It is not what was looked at", ["The file is not the one you looked at."]);
const storeProblem = upstreamProblem("store");

export const listReleases = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/releases",
  operationId: "listReleases",
  summary: "Final results that operators decide on",
  description: "Those that wait, and those that were decided on, for as long as submissions can be looked up.",
  request: {
    query: z.object({
      status: z.enum(releaseStatuses).optional().openapi({
        description: "`approved` and `declined` by operators; the others by what has become of it",
      }),
      project_id: optionalUuid("Those of this project alone"),
      analysis_id: optionalUuid("Those of this analysis alone"),
      order: z.enum(["newest", "oldest"]).default("newest").openapi({ description: "Which come first" }),
      cursor: optionalUuid("`next_cursor` of the page before"),
      limit: limitSchema,
    }),
  },
  responses: {
    200: jsonContent(listOf(releaseItem, "ReleaseList"), "Newest first, unless asked for otherwise", {
      items: [exampleRelease],
      next_cursor: null,
      total: 1,
    }),
    ...operatorProblems,
    422: invalid(badQuery),
  },
});

export const getRelease = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/releases/{submission_id}",
  operationId: "getRelease",
  summary: "A final result with what helps to decide on it",
  description:
    "What it is by its content, findings, and what can be shown of it. The first 8 MiB are looked at, for at most two " +
    "seconds. No finding does not mean that it is safe.",
  request: { params },
  responses: {
    200: jsonContent(releaseDetails, "The final result", exampleDetails),
    ...operatorProblems,
    404: notFound,
    422: invalid(notUuid("path", "submission_id")),
    502: storeProblem,
  },
});

const contentHeaders = {
  "X-Content-Type-Options": { example: "nosniff", description: "It is what its type says" },
  "Content-Security-Policy": { example: "default-src 'none'; sandbox", description: "Nothing in it may run" },
  "Content-Disposition": { example: 'attachment; filename="result.csv"', description: "Whether to show or to save it" },
};
const bytes = { schema: fileBytes };

export const getReleaseContent = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/releases/{submission_id}/content",
  operationId: "getReleaseContent",
  summary: "The content of a final result",
  description:
    "A PNG or JPEG as picture, plain text (CSV and JSON, too) by its first 64 KiB; everything else, such as HTML, SVG or PDF, " +
    "is a download that no browser shows.",
  request: {
    params,
    query: z.object({
      download: z.enum(["0", "1"]).default("0").openapi({ description: "1 = all of it as a download, whatever it is" }),
    }),
  },
  responses: {
    200: {
      description: "The bytes",
      headers: describeHeaders(contentHeaders),
      content: { "text/plain": bytes, "image/png": bytes, "image/jpeg": bytes, "application/octet-stream": bytes },
    },
    ...operatorProblems,
    404: problem("It never was held, its file is gone, or there are no operators", [
      unknown,
      `The file of submission ${exampleIds.submission} is not here any more`,
      "Not Found",
    ]),
    422: invalid(notUuid("path", "submission_id")),
    502: storeProblem,
  },
});

const sha256 = z
  .string()
  .min(1)
  .max(200)
  .openapi({ description: "SHA-256 of the file that was looked at", example: "ab".repeat(32) });
const longestReason = 1_000;
const reason = z.string().max(longestReason);
const why = reason.nullish().openapi({ description: "Why; to decline needs a reason, which the analyst is shown" });
const requiredReason = reason
  .refine((text) => text.trim() !== "", { error: "Field required", params: { type: "missing" } })
  .openapi({ description: "Why; the analyst is shown it", example: "Group b has three patients." });

const decisionProblems = {
  ...operatorProblems,
  ...jsonProblems,
  404: notFound,
  409: conflict,
  412: changed,
  422: invalid(missing("body", "sha256")),
  502: storeProblem,
};

export const approveRelease = createRoute({
  ...operatorRoute,
  method: "post",
  path: "/operator/releases/{submission_id}/approve",
  operationId: "approveRelease",
  summary: "Let a final result go to the Hub",
  description: "Where two must approve, the first approval lets it wait on. One approves bytes, not an id.",
  request: {
    params,
    body: { required: true, content: { "application/json": { schema: z.object({ sha256, reason: why }) } } },
  },
  responses: { 200: jsonContent(releaseItem, "What it is now", exampleRelease), ...decisionProblems },
});

export const declineRelease = createRoute({
  ...operatorRoute,
  method: "post",
  path: "/operator/releases/{submission_id}/decline",
  operationId: "declineRelease",
  summary: "Keep a final result from the Hub",
  description: "For good, and its file is removed. The analyst is shown the reason.",
  request: {
    params,
    body: { required: true, content: { "application/json": { schema: z.object({ sha256, reason: requiredReason }) } } },
  },
  responses: { 200: jsonContent(releaseItem, "What it is now", exampleRelease), ...decisionProblems },
});

const decision = z
  .object({
    submission_id: uuidSchema("Id of a submission", exampleIds.submission),
    decision: z.enum(["approve", "decline"]),
    sha256,
    reason: why,
  })
  .refine(({ decision, reason }) => decision === "approve" || (reason ?? "").trim() !== "", {
    error: "Field required",
    path: ["reason"],
    params: { type: "missing" },
  });

export const decideReleases = createRoute({
  ...operatorRoute,
  method: "post",
  path: "/operator/releases/decisions",
  operationId: "decideReleases",
  summary: "Decide on many final results at once",
  description: "All or nothing: the first refusal is the answer, and nothing is decided then.",
  request: {
    body: {
      required: true,
      content: {
        "application/json": { schema: z.object({ decisions: z.array(decision).min(1).max(200) }) },
      },
    },
  },
  responses: {
    200: jsonContent(z.object({ items: z.array(releaseItem) }).openapi("DecidedReleases"), "What they are now", {
      items: [exampleRelease],
    }),
    ...decisionProblems,
    422: invalid(missing("body", "decisions")),
  },
});
