import { createRoute, z } from "@hono/zod-openapi";
import { createRouter } from "../router.ts";
import { jsonContent } from "../schemas.ts";

const getHealth = createRoute({
  method: "get",
  path: "/healthz",
  operationId: "getHealth",
  tags: ["Health"],
  summary: "Whether the service runs",
  description: "Answers without looking at the Hub, the object store or the database.",
  responses: { 200: jsonContent(z.object({ status: z.literal("ok") }), "The service runs") },
});

export function healthRoutes() {
  return createRouter().openapi(getHealth, (c) => c.json({ status: "ok" as const }, 200));
}
