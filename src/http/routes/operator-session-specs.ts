import { createRoute, z } from "@hono/zod-openapi";
import { jsonProblems } from "../json-body.ts";
import { databaseProblem, describeHeaders, invalid, jsonContent, problem, upstreamProblem } from "../schemas.ts";
import { dateTime, operatorProblems, operatorRoute } from "./operator-specs.ts";

const tags = operatorRoute.tags;
const off = problem("There are no operators", ["Not Found"]);
const tooMany = problem(
  "Too many attempts of one address within a minute",
  ["Too many attempts to sign in; try again in a minute."],
  { "Retry-After": { example: "60", description: "Seconds" } },
);
const otherSite = problem("The request comes from another site", ["Requests from another site are refused."]);

const sessionSchema = z
  .object({
    name: z.string(),
    kind: z.enum(["console", "oidc", "token"]),
    expires_at: dateTime.nullable(),
  })
  .openapi("OperatorSession", { description: "Who is signed in" });

export const openSession = createRoute({
  tags,
  method: "post",
  path: "/operator/session",
  operationId: "openOperatorSession",
  summary: "Open a session by a one-time link",
  description: "The ticket stands in the link that `flame-result console` prints; it works once and for ten minutes.",
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: z.object({ ticket: z.string().min(1).max(200) }) } },
    },
  },
  responses: {
    204: {
      description: "The session is open",
      headers: describeHeaders({
        "Set-Cookie": { example: "flame_operator=…; Path=/operator; HttpOnly; SameSite=Strict", description: "It" },
      }),
    },
    ...jsonProblems,
    401: problem("The link does not work", ["The link was used, is too old, or is not ours."], {
      "WWW-Authenticate": { example: "Bearer", description: "Why, in the words of RFC 6750" },
    }),
    403: otherSite,
    404: off,
    422: invalid({ type: "missing", loc: ["body", "ticket"], msg: "Field required", input: null }),
    429: tooMany,
    503: databaseProblem,
  },
});

export const getSession = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/session",
  operationId: "getOperatorSession",
  summary: "Who is signed in",
  description: "By the session's cookie, or by a bearer token.",
  responses: {
    200: jsonContent(sessionSchema, "An operator", {
      name: "Ada",
      kind: "console",
      expires_at: "2026-01-31T20:00:00.000Z",
    }),
    ...operatorProblems,
  },
});

export const endSession = createRoute({
  tags,
  method: "delete",
  path: "/operator/session",
  operationId: "endOperatorSession",
  summary: "Sign out",
  description: "Ends the session for good, in every process. Does nothing where nobody is signed in.",
  responses: {
    204: {
      description: "Nobody is signed in",
      headers: describeHeaders({
        "Set-Cookie": { example: "flame_operator=; Max-Age=0; Path=/operator", description: "Forgets the session" },
      }),
    },
    403: otherSite,
    404: off,
    503: databaseProblem,
  },
});

export const signInOptions = createRoute({
  tags,
  method: "get",
  path: "/operator/sign-in/options",
  operationId: "getOperatorSignInOptions",
  summary: "How operators can sign in",
  description: "For the page, before anybody is signed in.",
  responses: {
    200: jsonContent(
      z
        .object({ oidc: z.boolean().openapi({ description: "At the node's identity provider" }) })
        .openapi("OperatorSignInOptions"),
      "What to offer",
      { oidc: true },
    ),
    404: off,
  },
});

const location = (example: string) => ({
  Location: { example, description: "Where the browser goes next" },
  "Set-Cookie": { example: "flame_operator_sign_in=…", description: "What the browser keeps, or forgets" },
});

export const beginSignIn = createRoute({
  tags,
  method: "get",
  path: "/operator/sign-in",
  operationId: "beginOperatorSignIn",
  summary: "Sign in at the identity provider",
  description: "Authorization code flow with PKCE; to be opened by a browser.",
  responses: {
    303: {
      description: "To the identity provider",
      headers: describeHeaders(location("https://id.example/authorize?client_id=…")),
    },
    404: problem("No identity provider is named for operators", ["Not Found"]),
    429: tooMany,
    502: upstreamProblem(),
  },
});

export const finishSignIn = createRoute({
  tags,
  method: "get",
  path: "/operator/sign-in/callback",
  operationId: "finishOperatorSignIn",
  summary: "Where the identity provider sends the browser back to",
  description: "Opens a session for whoever is an operator; the fragment of the page's address tells what went wrong.",
  responses: {
    303: { description: "To the page, signed in or not", headers: describeHeaders(location("/operator")) },
    404: problem("No identity provider is named for operators", ["Not Found"]),
    429: tooMany,
  },
});
