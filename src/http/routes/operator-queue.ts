import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import type { Submission } from "../../submissions/store/submission-store.ts";
import { requireOperator } from "../operator-auth.ts";
import { createRouter } from "../router.ts";
import {
  describeHeaders,
  exampleIds,
  invalid,
  jsonContent,
  notUuid,
  optionalUuid,
  problem,
  uuidSchema,
  uuidText,
} from "../schemas.ts";
import type { OperatorRouteDeps } from "./operator-deps.ts";
import {
  badQuery,
  dateTime,
  limitSchema,
  listOf,
  operatorProblems,
  operatorRoute,
  wholeNumber,
} from "./operator-specs.ts";

const itemSchema = z
  .object({
    submission_id: uuidText,
    status: z.enum(["held", "queued", "delivered", "rejected"]),
    analysis_id: uuidText,
    project_id: uuidText.nullable(),
    bytes: wholeNumber,
    sha256: z.string(),
    attempts: wholeNumber,
    last_error: z.string().nullable(),
    stands_aside: z.boolean().openapi({ description: "It has failed for so long that it keeps back no others" }),
    submitted_at: dateTime,
    next_attempt_at: dateTime,
    delivered_at: dateTime.nullable(),
  })
  .openapi("QueuedSubmission", { description: "A final result on its way" });

const unknown = `Submission with ID ${exampleIds.submission} does not exist`;
const busy = `Submission with ID ${exampleIds.submission} is delivered already, or being delivered at this moment.`;
const heldStill = `Submission with ID ${exampleIds.submission} is held until operators decide.`;
const obstacles: Readonly<Record<string, string>> = {
  held: "is held until operators decide.",
  // Only for submissions that an operator declined. One that the Hub rejected can be retried and dropped.
  rejected: "was declined by an operator.",
  delivered: "is delivered already, or being delivered at this moment.",
};
const params = z.object({ submission_id: uuidSchema("Id of a submission", exampleIds.submission) });
const changeResponses = {
  204: { description: "Done", headers: describeHeaders() },
  ...operatorProblems,
  404: problem("There is no such submission, or there are no operators", [unknown, "Not Found"]),
  409: problem("It is too late, or too early", [busy, heldStill]),
  422: invalid(notUuid("path", "submission_id")),
};

const listSubmissions = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/submissions",
  operationId: "listOperatorSubmissions",
  summary: "The queue of final results",
  description: "What waits for the Hub, what it has, and what it has refused; names of files are not told.",
  request: {
    query: z.object({
      status: z
        .enum(["held", "queued", "delivered", "rejected"])
        .optional()
        .openapi({ description: "Those in this state alone" }),
      analysis_id: optionalUuid("Those of this analysis alone"),
      cursor: optionalUuid("`next_cursor` of the page before"),
      limit: limitSchema,
    }),
  },
  responses: {
    200: jsonContent(listOf(itemSchema, "SubmissionList"), "Newest first", {
      items: [
        {
          submission_id: exampleIds.submission,
          status: "queued",
          analysis_id: exampleIds.analysis,
          project_id: exampleIds.project,
          bytes: 1024,
          sha256: "ab".repeat(32),
          attempts: 2,
          last_error: "The Hub cannot be reached",
          stands_aside: false,
          submitted_at: "2026-01-31T12:00:00.000Z",
          next_attempt_at: "2026-01-31T12:01:00.000Z",
          delivered_at: null,
        },
      ],
      next_cursor: null,
      total: 1,
    }),
    ...operatorProblems,
    422: invalid(badQuery),
  },
});

const retrySubmission = createRoute({
  ...operatorRoute,
  method: "post",
  path: "/operator/submissions/{submission_id}/retry",
  operationId: "retryOperatorSubmission",
  summary: "Try a delivery again now",
  description: "Also of what the Hub has rejected. It is not waited for.",
  request: { params },
  responses: changeResponses,
});

const dropSubmission = createRoute({
  ...operatorRoute,
  method: "delete",
  path: "/operator/submissions/{submission_id}",
  operationId: "dropOperatorSubmission",
  summary: "Forget a submission and its file for good",
  description: "What the Hub does not have by then it never will. It is put on record by the operator's name.",
  request: { params },
  responses: changeResponses,
});

export function operatorQueueRoutes({ operator }: OperatorRouteDeps) {
  const router = createRouter();
  const middleware = [requireOperator(() => operator.operators)];

  async function change(id: string, work: (id: string) => Promise<boolean>): Promise<void> {
    if (await work(id)) return;
    const found = await operator.queue.find(id);
    if (found === undefined) throw new AppError("not_found", `Submission with ID ${id} does not exist`);
    throw new AppError("conflict", `Submission with ID ${id} ${obstacles[found.state] ?? obstacles.delivered}`);
  }

  router.openapi({ ...listSubmissions, middleware }, async (c) => {
    const { status, analysis_id: analysisId, cursor, limit } = c.req.valid("query");
    const { submissions, next, total } = await operator.queue.page({ status, analysisId }, cursor, limit);
    return c.json({ items: submissions.map(describe), next_cursor: next ?? null, total }, 200);
  });

  router.openapi({ ...retrySubmission, middleware }, async (c) => {
    await change(c.req.valid("param").submission_id, operator.queue.retry);
    return c.body(null, 204);
  });

  router.openapi({ ...dropSubmission, middleware }, async (c) => {
    const { name } = c.get("operator");
    await change(c.req.valid("param").submission_id, (id) => operator.queue.drop(id, name));
    return c.body(null, 204);
  });

  return router;
}

/** Leaves out the file's name, because operators do not need it to manage the queue. */
function describe(submission: Submission): z.infer<typeof itemSchema> {
  return {
    submission_id: submission.id,
    status: submission.state === "delivering" ? "queued" : submission.state,
    analysis_id: submission.analysisId,
    project_id: submission.projectId ?? null,
    bytes: submission.sizeBytes,
    sha256: submission.sha256,
    attempts: submission.attempts,
    last_error: submission.lastError ?? null,
    stands_aside: submission.standsAside,
    submitted_at: submission.submittedAt.toISOString(),
    next_attempt_at: submission.nextAttemptAt.toISOString(),
    delivered_at: submission.deliveredAt?.toISOString() ?? null,
  };
}
