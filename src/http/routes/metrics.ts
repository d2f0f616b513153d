import type { Metrics } from "../../observability/metrics.ts";
import { createRouter } from "../router.ts";

/** For Prometheus; left out of the OpenAPI document, whose readers are clients. */
export function metricsRoutes(metrics: Pick<Metrics, "render">) {
  const router = createRouter();
  router.get("/metrics", async () => {
    const { contentType, text } = await metrics.render();
    return new Response(text, { headers: { "Content-Type": contentType } });
  });
  return router;
}
