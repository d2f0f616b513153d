import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { AppError } from "../errors.ts";
import { problem } from "./schemas.ts";

const maxBytes = 1_048_576;
const tooLarge = `The JSON is larger than the ${maxBytes} bytes allowed here`;

/**
 * Limits the JSON body of a route, because it is held in memory as a whole. It must come after the middleware that
 * checks credentials, so that no body is read from a client without permission.
 */
export const limitJson: MiddlewareHandler = bodyLimit({
  maxSize: maxBytes,
  onError() {
    throw new AppError("too_large", tooLarge);
  },
});

/** Error responses of every route that takes JSON, except 422. */
export const jsonProblems = {
  400: problem("The body is no JSON", ["Malformed JSON in request body"]),
  413: problem("The body is too large", [tooLarge]),
  415: problem("The Content-Type is not `application/json`", ["Unsupported Media Type"]),
};
