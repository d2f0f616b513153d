import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { Log } from "../log.ts";
import type { RequestContext } from "../request-context.ts";
import type { AppEnv } from "./env.ts";

const saneId = /^[A-Za-z0-9][A-Za-z0-9._:+/=-]{0,127}$/;

export interface RequestLogDeps {
  readonly log: Log;
  readonly context: RequestContext;
  readonly newRequestId: () => string;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Gives every request an id (the client's own, when it is sane), which all its log lines bear, and a line of its own. */
export function requestLog({ log, context, newRequestId, now }: RequestLogDeps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const given = c.req.header("x-request-id");
    const requestId = given !== undefined && saneId.test(given) ? given : newRequestId();
    const start = now();
    await context.run({ requestId }, async () => {
      await next();
      c.header("X-Request-Id", requestId);
      const { method } = c.req;
      const durationMs = Math.round(now() - start);
      log.info("http.request", { method, route: routePath(c, -1), status: c.res.status, durationMs });
    });
  };
}
