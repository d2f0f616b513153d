import { createRoute, z } from "@hono/zod-openapi";
import type { Readiness } from "../../observability/readiness.ts";
import { createRouter } from "../router.ts";
import { jsonContent } from "../schemas.ts";

const getVersion = createRoute({
  method: "get",
  path: "/",
  operationId: "getVersion",
  tags: ["Health"],
  summary: "Which version of the service this is",
  description: "Needs no token, as with the newest storage service.",
  responses: {
    200: jsonContent(
      z.object({ version: z.string() }).openapi("Version", { description: "The version of the service" }),
      "The version",
      { version: "1.0.0" },
    ),
  },
});

const getHealth = createRoute({
  method: "get",
  path: "/healthz",
  operationId: "getHealth",
  tags: ["Health"],
  summary: "Whether the service runs",
  description: "Answers without looking at the Hub, the object store or the database.",
  responses: {
    200: jsonContent(
      z.object({ status: z.literal("ok") }).openapi("Health", { description: "The service runs" }),
      "The service runs",
      { status: "ok" },
    ),
  },
});

const report = z
  .object({
    status: z.enum(["ready", "not_ready", "stopping"]),
    parts: z.record(z.string(), z.enum(["ok", "failed", "degraded"])),
    warnings: z.array(z.string()).openapi({ description: "What works but should not stay so" }),
  })
  .openapi("Readiness", { description: "Whether requests can be served, and which part is at fault if not" });

const parts = { object_store: "ok", database: "ok", token_keys: "ok", hub: "degraded" } as const;

const getReadiness = createRoute({
  method: "get",
  path: "/readyz",
  operationId: "getReadiness",
  tags: ["Health"],
  summary: "Whether requests can be served",
  description:
    "Looks at object store, database and token keys, and at the Hub, without which the service goes on. " +
    "The answer may be a few seconds old.",
  responses: {
    200: jsonContent(report, "Ready; the Hub may be `degraded`", { status: "ready", parts, warnings: [] }),
    503: jsonContent(report, "A part has `failed`, or the service is stopping", {
      status: "not_ready",
      parts: { ...parts, database: "failed" },
      warnings: [],
    }),
  },
});

export function healthRoutes(readiness: Pick<Readiness, "check">, version: string) {
  return createRouter()
    .openapi(getVersion, (c) => c.json({ version }, 200))
    .openapi(getHealth, (c) => c.json({ status: "ok" as const }, 200))
    .openapi(getReadiness, async (c) => {
      const { status, parts, warnings } = await readiness.check();
      return c.json({ status, parts: { ...parts }, warnings: [...warnings] }, status === "ready" ? 200 : 503);
    });
}
