import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { AppError } from "../errors.ts";
import { problem } from "./schemas.ts";

const maxBytes = 1_048_576;
const tooLarge = `The JSON is larger than the ${maxBytes} bytes allowed here`;

/**
 * For every route that takes JSON, as that is held in memory as a whole; it stands behind whatever judges who asks, so that
 * nobody's bytes are read but theirs who may send them.
 */
export const limitJson: MiddlewareHandler = bodyLimit({
  maxSize: maxBytes,
  onError() {
    throw new AppError("too_large", tooLarge);
  },
});

/** What every route that takes JSON may answer to it, besides 422. */
export const jsonProblems = {
  400: problem("The body is no JSON", ["Malformed JSON in request body"]),
  413: problem("The body is too large", [tooLarge]),
  415: problem("The Content-Type is not `application/json`", ["Unsupported Media Type"]),
};
