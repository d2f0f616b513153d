import { createRoute, z } from "@hono/zod-openapi";
import { repeatable, uploadHeaders } from "../repeatable-spec.ts";
import {
  databaseProblem,
  describeHeaders,
  digestPart,
  exampleIds,
  exampleUrl,
  filePart,
  hubTimeout,
  invalid,
  jsonContent,
  missing,
  noBoundary,
  notUuid,
  problem,
  sha256Text,
  storageFull,
  tokenOr,
  tokenProblems,
  unknownAnalysis,
  uploadProblems,
  upstreamProblem,
  urlText,
  uuidSchema,
  uuidText,
} from "../schemas.ts";

const shared = { tags: ["Final"], security: [{ bearer: [] }] };
const submissionId = uuidSchema("Id of a submission", exampleIds.submission);

const submittedSchema = z
  .object({ submission_id: uuidText, url: urlText, sha256: sha256Text })
  .openapi("Submitted", { description: "A final result that waits for the Hub, and where its state can be looked up" });

const dateTime = z.string().openapi({ format: "date-time" });
const submissionSchema = z
  .object({
    submission_id: uuidText,
    status: z.enum(["held", "queued", "delivered", "rejected"]),
    attempts: z.number().int().openapi({ description: "How often it was tried to deliver it" }),
    last_error: z.string().nullable().openapi({ description: "Why the last attempt failed" }),
    submitted_at: dateTime,
    delivered_at: dateTime.nullable(),
  })
  .openapi("Submission", { description: "What has become of a final result" });

const noBucket = `Result bucket for analysis with ID ${exampleIds.analysis} was not found`;
const submitResponses = {
  202: jsonContent(
    submittedSchema,
    "The file is safe here; it will be delivered once the Hub takes it, and operators let it go",
    {
      submission_id: exampleIds.submission,
      url: `${exampleUrl}/final/submissions/${exampleIds.submission}`,
    },
  ),
  204: { description: "The Hub has the file", headers: describeHeaders() },
  ...tokenProblems,
  404: problem("There is nowhere to send the file to", [noBucket]),
  ...uploadProblems,
  409: problem("The Hub has a file of this name already", ["The result bucket already has a file named `result.csv`"]),
  502: upstreamProblem("hub", "store"),
  503: databaseProblem,
  504: hubTimeout,
  507: storageFull("The object store is full", "There is no room left on this node"),
};

export const putFinalResult = createRoute({
  ...shared,
  method: "put",
  path: "/final",
  operationId: "putFinalResult",
  summary: "Submit a final result to the Hub",
  description:
    "The file goes to the analysis' result bucket. While the Hub is away, or takes its time, the file is kept on this node " +
    "and delivered later.",
  request: {
    headers: uploadHeaders(),
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          schema: { type: "object", required: ["file"], properties: { digest: digestPart, file: filePart } },
        },
      },
    },
  },
  responses: repeatable({
    ...submitResponses,
    400: problem("The form cannot be told apart", [noBoundary]),
    403: tokenOr(
      "this node takes no results without noise",
      "This node releases final results with differential privacy only.",
    ),
    422: invalid(missing("body", "file")),
  }),
});

export const putFinalResultWithLocalDP = createRoute({
  ...shared,
  method: "put",
  path: "/final/localdp",
  operationId: "putFinalResultWithLocalDP",
  summary: "Submit a number, or a list of them, to the Hub with noise for local differential privacy",
  description:
    "The file holds a single number of at most 1 KiB or, with `values=list`, a JSON list of at most 100,000 numbers in at most " +
    "4 MiB. Laplace noise of scale sensitivity / epsilon is added to each; the true values are kept nowhere. Epsilon is taken " +
    "once from the privacy budget of the analysis' project before any noise is drawn, and never given back thereafter.",
  request: {
    headers: uploadHeaders(),
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          schema: {
            type: "object",
            required: ["file", "epsilon", "sensitivity"],
            properties: {
              digest: digestPart,
              file: {
                ...filePart,
                description: "One number as text, or a JSON list of numbers; it needs a name",
              },
              epsilon: {
                type: "number",
                exclusiveMinimum: 0,
                description: "The privacy budget to spend; positive",
                examples: [1],
              },
              sensitivity: {
                type: "number",
                exclusiveMinimum: 0,
                description:
                  "How far one individual can move the value, or all values of a list together (L1 norm); positive",
                examples: [1],
              },
              values: {
                type: "string",
                enum: ["list"],
                description: "The file holds a list; left out for a single number",
              },
            },
          },
        },
      },
    },
  },
  responses: repeatable({
    ...submitResponses,
    400: problem("A number is missing or out of range", [
      "Uploaded file must contain a single numerical value.",
      "Uploaded file must contain a JSON list of numbers.",
      "epsilon must be a positive, finite number.",
      "epsilon must be at most 1 on this node.",
      noBoundary,
    ]),
    403: tokenOr(
      "the project has spent its privacy budget",
      `The privacy budget of project ${exampleIds.project} is used up: epsilon 0.5 was asked for, 0.1 of 10 are left.`,
    ),
    422: invalid(missing("body", "file"), missing("body", "epsilon"), missing("body", "sensitivity")),
  }),
});

const budgetSchema = z
  .object({
    project_id: uuidText,
    epsilon_budget: z
      .string()
      .nullable()
      .openapi({ description: "As an exact decimal; null where what is spent is only counted" }),
    epsilon_spent: z.string().openapi({ description: "By all analyses of the project" }),
    releases: z.number().int(),
  })
  .openapi("PrivacyBudget", { description: "What a project has spent of its privacy budget on this node" });

export const getPrivacyBudget = createRoute({
  ...shared,
  method: "get",
  path: "/final/budget",
  operationId: "getPrivacyBudget",
  summary: "What the analysis' project has spent of its privacy budget",
  description: "What is spent adds up (basic composition) and is never given back.",
  responses: {
    200: jsonContent(budgetSchema, "The budget", {
      project_id: exampleIds.project,
      epsilon_budget: "10",
      epsilon_spent: "2.5",
      releases: 5,
    }),
    ...tokenProblems,
    404: problem("The Hub does not know the analysis", [unknownAnalysis]),
    502: upstreamProblem("hub"),
    503: databaseProblem,
    504: hubTimeout,
  },
});

export const getSubmission = createRoute({
  ...shared,
  method: "get",
  path: "/final/submissions/{submission_id}",
  operationId: "getSubmission",
  summary: "What has become of a submitted result",
  description: "One that the Hub could not take at once is delivered later, or rejected with a reason.",
  request: { params: z.object({ submission_id: submissionId }) },
  responses: {
    200: jsonContent(submissionSchema, "The submission", {
      submission_id: exampleIds.submission,
      status: "queued",
      attempts: 2,
      last_error: "The Hub cannot be reached",
      submitted_at: "2026-01-31T12:00:00.000Z",
      delivered_at: null,
    }),
    ...tokenProblems,
    404: problem("The analysis has no such submission", [`Submission with ID ${exampleIds.submission} does not exist`]),
    422: invalid(notUuid("path", "submission_id")),
    502: upstreamProblem(),
    503: databaseProblem,
  },
});
