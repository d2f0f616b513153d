import type { MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { AppError } from "../errors.ts";
import type { Operators } from "../operators/operators.ts";
import type { AppEnv } from "./env.ts";

export const sessionCookie = "flame_operator";

/** Lets only operators pass, and puts the operator into the context. */
export function requireOperator(operators: () => Operators): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const authorization = c.req.header("authorization");
    const credentials = { authorization, session: getCookie(c, sessionCookie) };
    // The record counts a refusal by client, so the client id is set before the refusal is thrown.
    const operator = await operators().identify(credentials, (clientId) => c.set("clientId", clientId));
    refuseOtherSites(c.req.method, c.req.header("sec-fetch-site"), authorization !== undefined);
    c.set("operator", operator);
    await next();
  };
}

/**
 * Prevents cross-site request forgery: a page of another site can make a browser send a request with the session's
 * cookie. Browsers say where a request comes from (`Sec-Fetch-Site` of W3C Fetch Metadata). Other programs do not, but
 * they send no cookie by themselves. `mayBeSilent` accepts a request without that header. Throws `forbidden`.
 */
export function refuseOtherSites(method: string, site: string | undefined, mayBeSilent: boolean): void {
  if (method === "GET" || method === "HEAD") return;
  if (site === "same-origin" || (site === undefined && mayBeSilent)) return;
  throw new AppError("forbidden", "Requests from another site are refused.");
}
