import { z } from "@hono/zod-openapi";
import { errorSchema, problem, validationErrorSchema } from "./schemas.ts";

// These headers have no examples, because API reference pages send every header that has one.

/** The request headers of a route that takes a form and an `Idempotency-Key`. */
export const uploadHeaders = () =>
  repeatableHeaders.extend({
    "Content-Digest": z
      .string()
      .optional()
      .openapi({
        description:
          "Of the whole body, as RFC 9530 writes it, such as `sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:`; " +
          "another body than that is refused",
      }),
  });

/** The request headers of a route that takes an `Idempotency-Key`. */
export const repeatableHeaders = z.object({
  "Idempotency-Key": z
    .string()
    .optional()
    .openapi({
      description:
        "Names this request, quoted or bare, in at most 255 characters. Sent again with it, the request is not done again but " +
        "answered as it was the first time. A fresh UUID serves well.",
    }),
});

const inUse = "A request with this Idempotency-Key is still being processed.";
const reused = "This Idempotency-Key was used for another request.";
const malformed = "The Idempotency-Key must have 1 to 255 printable ASCII characters, with or without quotes.";

const wrongDigest = "The upload does not match its digest.";

interface Described {
  readonly description: string;
  readonly headers?: object;
  readonly content?: Readonly<Record<string, { readonly schema: unknown; readonly examples?: object }>>;
}

/** Responses with these statuses are stored under the key and replayed. */
const kept = ["200", "202", "204", "400", "404", "409", "413", "422"];

/** Adds to a route's responses those that an `Idempotency-Key` can cause. */
export function repeatable<R extends Readonly<Record<number, Described>>>(responses: R): R {
  const described: Record<string, Described> = {
    409: problem("A request with this key is under way", []),
    ...responses,
  };
  for (const status of kept) {
    const response = described[status];
    if (response === undefined) continue;
    const replayed = { "Idempotency-Replayed": { $ref: "#/components/headers/Idempotency-Replayed" } };
    described[status] = { ...response, headers: { ...response.headers, ...replayed } };
  }
  addExample(described, "409", inUse);
  for (const detail of [malformed, wrongDigest]) addExample(described, "400", detail);
  const invalid = described["422"];
  if (invalid !== undefined) {
    const schema = z.union([validationErrorSchema, errorSchema]);
    described["422"] = {
      ...invalid,
      description: `${invalid.description}; or: ${reused}`,
      content: { "application/json": { ...invalid.content?.["application/json"], schema } },
    };
  }
  // The type stays R: the error handler or the stored response gives the added responses, never the route's own
  // handler.
  return described as Readonly<Record<string, Described>> as R;
}

function addExample(described: Record<string, Described>, status: string, detail: string): void {
  const response = described[status];
  const content = response?.content?.["application/json"];
  if (response === undefined || content === undefined) return;
  const examples = { ...content.examples, [detail]: { value: { detail } } };
  described[status] = { ...response, content: { "application/json": { ...content, examples } } };
}
