import { z } from "@hono/zod-openapi";
import { parseUuid } from "../uuid.ts";

/** Ids of the sandbox's data, so that the examples work there. */
export const exampleIds = {
  project: "10000000-0000-4000-8000-000000000001",
  analysis: "20000000-0000-4000-8000-000000000001",
  node: "b0000000-0000-4000-8000-000000000001",
  object: "1f0c4b1e-5c1a-4a6e-9a53-1f7a3c0e2b11",
  hubFile: "7b2f2f0e-63c7-4f0a-8f8f-1f0f4b5f6d31",
  submission: "5e0f7a52-7e43-4a6c-8b0b-0d6f2f1c9a77",
} as const;
export const exampleUrl = "http://localhost:8080";

const uuid = z.string().transform((text, context) => {
  const id = parseUuid(text);
  if (id !== undefined) return id;
  context.addIssue({ code: "custom", message: "Input should be a valid UUID", params: { type: "uuid_parsing" } });
  return z.NEVER;
});

/** A UUID in any of its usual notations. Handlers get the canonical one. */
export function uuidSchema(description: string, example: string) {
  return uuid.openapi({ type: "string", format: "uuid", description, example });
}

/** A UUID that may be missing. It has no example, so that API reference pages do not fill it in. */
export function optionalUuid(description: string) {
  return uuid.optional().openapi({ type: "string", format: "uuid", description });
}

export const uuidText = z.string().openapi({ format: "uuid" });
export const urlText = z.string().openapi({ format: "uri" });

/** The bytes of a file. `format: binary` is from OpenAPI 3.0; tools still need it to offer a file to choose or save. */
export const fileBytes = { type: "string", format: "binary", contentMediaType: "application/octet-stream" } as const;
export const digestPart = {
  type: "string" as const,
  description:
    "The file's, as RFC 9530 writes it, such as `sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:`; another file than " +
    "that is refused. Before a file of more than 16 MiB.",
};
export const filePart = { ...fileBytes, description: "The file; it needs a name" };

/** Response headers. A header is required unless `required` is false: clients may rely on it. */
type Headers = Readonly<Record<string, { readonly example: string; readonly description: string; required?: boolean }>>;

/** The headers of a response: its own, and those that every response has. */
export function describeHeaders(own: Headers = {}) {
  const described = Object.entries(own).map(([name, { required = true, ...header }]) => {
    return [name, { ...header, required, schema: { type: "string" as const } }] as const;
  });
  const common = { "X-Request-Id": { $ref: "#/components/headers/X-Request-Id" } };
  return {
    ...common,
    "Cache-Control": { $ref: "#/components/headers/Cache-Control" },
    ...Object.fromEntries(described),
  };
}

/** Headers of every response that contains a file. */
export const neverShownHeaders = {
  "X-Content-Type-Options": { example: "nosniff", description: "Browsers must save it, never show it" },
  "Content-Security-Policy": { example: "sandbox", description: "Nothing in it may run" },
};

export function jsonContent<T extends z.ZodType>(schema: T, description: string, example: z.input<T>) {
  return { description, headers: describeHeaders(), content: { "application/json": { schema, example } } };
}

export const errorSchema = z.object({ detail: z.string() }).openapi("Error", { description: "Why a request failed" });

/** An error response. `details` are the exact texts that clients receive. */
export function problem(description: string, details: readonly string[], headers: Headers = {}) {
  const examples = Object.fromEntries(details.map((detail) => [detail, { value: { detail } }]));
  const content = { "application/json": { schema: errorSchema, examples } };
  return { description, headers: describeHeaders(headers), content };
}

const fieldProblemSchema = z
  .object({
    type: z.string(),
    loc: z
      .array(z.union([z.string(), z.number()]))
      .openapi({ description: "`path`, `query` or `body`, then the name" }),
    msg: z.string(),
    input: z.string().nullable().openapi({ description: "What was sent" }),
  })
  .openapi("FieldProblem", { description: "What is wrong with one field" });
export const validationErrorSchema = z
  .object({ detail: z.array(fieldProblemSchema) })
  .openapi("ValidationError", { description: "What is wrong with a request, field by field" });

/** The response to a request whose path, query or form is not valid. */
export function invalid(...detail: z.input<typeof fieldProblemSchema>[]) {
  return jsonContent(validationErrorSchema, "The path, the query or the form is not valid", { detail });
}

export function missing(...loc: string[]) {
  return { type: "missing", loc, msg: "Field required", input: null };
}

export function notUuid(...loc: string[]) {
  return { type: "uuid_parsing", loc, msg: "Input should be a valid UUID", input: "42" };
}

const challenge = (example: string, required = true) => ({
  "WWW-Authenticate": { example, required, description: "Why, in the words of RFC 6750" },
});
const invalidToken = challenge('Bearer error="invalid_token", error_description="the token has expired"');

/** Error responses of every route that needs a token. */
export const tokenProblems = {
  401: problem("There is no bearer token", ["Not authenticated"], challenge("Bearer")),
  403: problem("The token is not accepted", ["JWT is malformed"], invalidToken),
};

export function adapterOnly(detail: string) {
  const headers = challenge('Bearer error="invalid_token"', false);
  return problem("The token is not accepted, or is not the Hub Adapter's", ["JWT is malformed", detail], headers);
}

/** The 403 response of a route that has further reasons to refuse, besides the token. */
export function tokenOr(description: string, ...details: readonly string[]) {
  const headers = challenge('Bearer error="invalid_token"', false);
  return problem(`The token is not accepted, or ${description}`, ["JWT is malformed", ...details], headers);
}

export const unknownAnalysis = `Analysis with ID ${exampleIds.analysis} not found`;
export const unknownObject = `Object with ID ${exampleIds.object} does not exist`;

/** The response when a service behind this one fails: the identity provider, and the `parts` that the route uses. */
export function upstreamProblem(...parts: readonly ("hub" | "store")[]) {
  const causes = ["Auth provider is unavailable"];
  if (parts.includes("hub")) causes.push("Hub returned an unexpected response (500)", "The Hub cannot be reached");
  if (parts.includes("store")) causes.push("Unexpected error from object store");
  return problem("What the service needs for this failed", causes);
}

export const databaseProblem = problem("The database is not available", ["The database is not available"]);
export const recordProblem = problem("What was to be done cannot be put on record", ["The database is not available"]);
export const hubTimeout = problem("The Hub did not answer in time", ["The Hub did not answer in time"]);

export function storageFull(...details: readonly string[]) {
  return problem("This node has no room left", details);
}

/** Error responses of every upload. */
export const uploadProblems = {
  408: problem("No byte of the upload arrived for a minute", ["No byte of the upload arrived for 60 s"]),
  413: problem("The file, or what comes with it, is too large", [
    "The file is larger than the 1048576 bytes allowed here",
    "The form holds too much besides its file",
  ]),
  415: problem("The form is compressed as a whole", ["The Content-Encoding 'gzip' is not supported"]),
};

export const noBoundary = "Missing boundary in multipart.";

/** The file's SHA-256 in hex. Responses contain it only if `LOCAL__DIGESTS` is on. */
export const sha256Text = z
  .string()
  .optional()
  .openapi({ description: "Of the file, in hex; with `LOCAL__DIGESTS` only", pattern: "^[0-9a-f]{64}$" });

export const storedSchema = z
  .object({
    url: urlText,
    object_id: uuidText,
    id: uuidText.openapi({ description: "The same as `object_id`" }),
    sha256: sha256Text,
  })
  .openapi("StoredObject", { description: "A file that was stored or sent, and where it can be read" });
