import { createRoute, z } from "@hono/zod-openapi";
import { hubTimeout, jsonContent, problem, tokenProblems, unknownAnalysis, upstreamProblem } from "../schemas.ts";

const wholeNumber = z.number().int().min(0);

export const getLocalUsage = createRoute({
  tags: ["Local"],
  security: [{ bearer: [] }],
  method: "get",
  path: "/local/usage",
  operationId: "getLocalUsage",
  summary: "How much the project keeps on this node",
  description: "Bytes and files of all its analyses, and how much it may keep.",
  responses: {
    200: jsonContent(
      z
        .object({
          bytes: wholeNumber,
          objects: wholeNumber,
          quota_bytes: wholeNumber.nullable().openapi({ description: "null: there is no limit" }),
        })
        .openapi("LocalUsage", { description: "What a project keeps on this node" }),
      "The usage",
      { bytes: 1048576, objects: 3, quota_bytes: null },
    ),
    ...tokenProblems,
    404: problem("The Hub does not know the analysis", [unknownAnalysis]),
    502: upstreamProblem("hub", "store"),
    504: hubTimeout,
  },
});
