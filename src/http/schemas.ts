import { z } from "@hono/zod-openapi";
import { parseUuid } from "../uuid.ts";

/** A UUID in any of its usual spellings; handlers see the canonical one. */
export function uuidSchema(description: string, example: string) {
  return z
    .string()
    .transform((text, context) => {
      const id = parseUuid(text);
      if (id !== undefined) return id;
      context.addIssue({ code: "custom", message: "Input should be a valid UUID", params: { type: "uuid_parsing" } });
      return z.NEVER;
    })
    .openapi({ type: "string", format: "uuid", description, example });
}

const problemSchema = z.object({
  type: z.string().openapi({ example: "missing" }),
  loc: z.array(z.union([z.string(), z.number()])).openapi({ example: ["body", "file"] }),
  msg: z.string().openapi({ example: "Field required" }),
  input: z.unknown().openapi({ example: null }),
});

const errorSchema = z.object({ detail: z.string() }).openapi("Error");
const validationErrorSchema = z.object({ detail: z.array(problemSchema) }).openapi("ValidationError");

export function jsonContent<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** Answers that every route with a token may give. */
export const commonErrors = {
  401: jsonContent(errorSchema, "No bearer token"),
  403: jsonContent(errorSchema, "The token is not accepted, or does not allow this"),
  404: jsonContent(errorSchema, "The analysis or what it asks for is not known"),
  422: jsonContent(validationErrorSchema, "The path, the query or the form is not valid"),
  502: jsonContent(errorSchema, "The Hub, the object store or the identity provider failed"),
  503: jsonContent(errorSchema, "The database is not available"),
  504: jsonContent(errorSchema, "The Hub did not answer in time"),
};

export const badRequest = { 400: jsonContent(errorSchema, "The request cannot be met as it is") };

export const uploadErrors = {
  408: jsonContent(errorSchema, "No byte of the upload arrived for 60 s"),
  413: jsonContent(errorSchema, "The file is larger than allowed"),
  507: jsonContent(errorSchema, "The object store is full"),
};

export const storedSchema = z
  .object({
    url: z.string().openapi({ example: "http://localhost:8080/local/1f0c4b1e-5c1a-4a6e-9a53-1f7a3c0e2b11" }),
    object_id: z.string().openapi({ format: "uuid", example: "1f0c4b1e-5c1a-4a6e-9a53-1f7a3c0e2b11" }),
  })
  .openapi("StoredObject");
