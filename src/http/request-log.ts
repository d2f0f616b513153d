import type { MiddlewareHandler } from "hono";
import type { Log } from "../log.ts";
import type { Metrics } from "../observability/metrics.ts";
import { parseTraceparent, type RequestContext } from "../request-context.ts";
import type { AppEnv } from "./env.ts";
import type { RouteTable } from "./route-table.ts";

const saneId = /^[A-Za-z0-9][A-Za-z0-9._:+/=-]{0,127}$/;

/** The client's own request id if it is well-formed; else a new one. */
export function requestIdOf(header: string | null | undefined, newRequestId: () => string): string {
  return typeof header === "string" && saneId.test(header) ? header : newRequestId();
}

export interface RequestLogDeps {
  readonly log: Log;
  readonly context: RequestContext;
  readonly metrics: Pick<Metrics, "answered">;
  readonly routes: RouteTable;
  readonly newRequestId: () => string;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Monitoring calls these every few seconds, so their successful requests are logged at level debug only. */
const probes = new Set(["/healthz", "/readyz", "/metrics"]);

/**
 * Gives every request an id (the client's own if it is well-formed) that all its log lines carry, and logs one line for
 * the request. Looks up its route and puts it into the context for later middleware.
 */
export function requestLog({
  log,
  context,
  metrics,
  routes,
  newRequestId,
  now,
}: RequestLogDeps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const requestId = requestIdOf(c.req.header("x-request-id"), newRequestId);
    const traceparent = parseTraceparent(c.req.header("traceparent"));
    const start = now();
    const known = routes.find(c.req.method, c.req.path);
    c.set("route", known);
    await context.run({ requestId, traceparent }, async () => {
      await next();
      // `c.header` would create the whole response again.
      c.res.headers.set("X-Request-Id", requestId);
      const { method } = c.req;
      const { status } = c.res;
      const route = known?.path ?? "/*";
      const durationMs = now() - start;
      metrics.answered({ method, route, status, seconds: durationMs / 1000 });
      const level = c.get("isCounted") || (probes.has(route) && status < 500) ? "debug" : "info";
      log[level]("http.request", { method, route, status, durationMs: Math.round(durationMs) });
    });
  };
}
