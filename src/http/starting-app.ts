import type { PartState } from "../observability/readiness.ts";
import { detailResponse } from "./error-responses.ts";
import { createRouter } from "./router.ts";
import { healthRoutes } from "./routes/health.ts";

/**
 * The app that answers while the service starts. It serves the health routes, which tell what the service waits for.
 * All other requests get 503 with `Retry-After`, so that clients try again.
 */
export function createStartingApp(parts: () => Readonly<Record<string, PartState>>, version: string) {
  const app = createRouter();
  const check = async () => ({ status: "not_ready", parts: parts(), warnings: [] }) as const;
  app.route("/", healthRoutes({ check }, version));
  app.notFound(() => detailResponse(503, "The service is starting", { "Retry-After": "1" }));
  return app;
}
