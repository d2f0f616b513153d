import type { PartState } from "../observability/readiness.ts";
import { detailResponse } from "./error-responses.ts";
import { createRouter } from "./router.ts";
import { healthRoutes } from "./routes/health.ts";

/**
 * What is served until the service has all it needs: that the process runs, and what it waits for. Everything else is refused
 * for the moment, so that a client tries again.
 */
export function createStartingApp(parts: () => Readonly<Record<string, PartState>>, version: string) {
  const app = createRouter();
  const check = async () => ({ status: "not_ready", parts: parts(), warnings: [] }) as const;
  app.route("/", healthRoutes({ check }, version));
  app.notFound(() => detailResponse(503, "The service is starting", { "Retry-After": "1" }));
  return app;
}
