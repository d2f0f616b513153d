import { z } from "@hono/zod-openapi";
import { databaseProblem, exampleIds, problem, upstreamProblem } from "../schemas.ts";

/** Tag and credentials of every operator route. */
export const operatorRoute = { tags: ["Operators"], security: [{ bearer: [] }, { session: [] }] };

const challenge = { "WWW-Authenticate": { example: "Bearer", description: "Why, in the words of RFC 6750" } };
const notOperator = `Only operators are allowed to do this, got client ID '${exampleIds.analysis}'.`;

export const operatorProblems = {
  401: problem("There are no credentials, or the session has ended", ["Not authenticated"], challenge),
  403: problem(
    "Whoever asks is no operator, or asks from another site",
    ["JWT is malformed", notOperator, "Requests from another site are refused."],
    { "WWW-Authenticate": { ...challenge["WWW-Authenticate"], required: false } },
  ),
  404: problem("There are no operators", ["Not Found"]),
  502: upstreamProblem(),
  503: databaseProblem,
};

export const dateTime = z.string().openapi({ format: "date-time" });
export const wholeNumber = z.number().int();

export const limitSchema = z.coerce
  .number()
  .int()
  .min(1)
  .max(200)
  .default(50)
  .openapi({ description: "At most so many items" });

/** The response of a list route. */
export function listOf<T extends z.ZodType>(item: T, name: string) {
  return z.object(listFields(item)).openapi(name);
}

/** The fields of a list, for a response with further fields. */
export function listFields<T extends z.ZodType>(item: T) {
  return {
    items: z.array(item),
    next_cursor: z.string().nullable().openapi({ description: "`cursor` of the next page; null on the last one" }),
    total: wholeNumber.openapi({ description: "How many there are, on all pages" }),
  };
}

export const badQuery = {
  type: "too_big",
  loc: ["query", "limit"],
  msg: "Too big: expected number to be <=200",
  input: "1000",
};
