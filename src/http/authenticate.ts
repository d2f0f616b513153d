import type { MiddlewareHandler } from "hono";
import type { Authenticator } from "../identity/authenticator.ts";
import type { AppEnv } from "./env.ts";

/** Judges the token before anything else of the request is looked at, and leaves the client's id in the context. */
export function authenticate(authenticator: Authenticator): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    c.set("clientId", await authenticator.authenticate(c.req.header("authorization")));
    await next();
  };
}
