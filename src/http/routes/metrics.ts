import type { Metrics } from "../../observability/metrics.ts";
import { createRouter } from "../router.ts";

/** Serves metrics for Prometheus. The OpenAPI document leaves this route out, because it is written for clients. */
export function metricsRoutes(metrics: Pick<Metrics, "render">) {
  const router = createRouter();
  router.get("/metrics", async () => {
    const { contentType, text } = await metrics.render();
    return new Response(text, { headers: { "Content-Type": contentType } });
  });
  return router;
}
