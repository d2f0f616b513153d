import type { MiddlewareHandler } from "hono";
import type { Authenticator } from "../identity/authenticator.ts";
import type { AppEnv } from "./env.ts";

/** Checks the token before the request's other parts are validated, and puts the client's id into the context. */
export function authenticate(authenticator: Authenticator): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    c.set("clientId", await authenticator.authenticate(c.req.header("authorization")));
    await next();
  };
}
