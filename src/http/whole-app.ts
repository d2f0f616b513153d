import { type App, type AppDeps, createApp } from "./app.ts";
import { docsRoutes } from "./docs/page.ts";
import { describeApi, registerComponents } from "./openapi.ts";
import { operatorPageRoutes } from "./operator-page/page.ts";
import { operatorBudgetRoutes } from "./routes/operator-budgets.ts";
import { operatorOverviewRoutes } from "./routes/operator-overview.ts";
import { operatorPeersRoutes } from "./routes/operator-peers.ts";
import { operatorQueueRoutes } from "./routes/operator-queue.ts";
import { operatorRecordRoutes } from "./routes/operator-record.ts";
import { operatorReleaseRoutes } from "./routes/operator-releases.ts";
import { operatorSessionRoutes } from "./routes/operator-session.ts";
import { operatorUsageRoutes } from "./routes/operator-usage.ts";

/** The whole HTTP interface: with the operators' routes and the API reference. */
export function createWholeApp(deps: AppDeps): App {
  return createApp(deps, (app) => {
    app.route("/", operatorPageRoutes());
    app.route("/", operatorSessionRoutes(deps));
    app.route("/", operatorOverviewRoutes(deps));
    app.route("/", operatorQueueRoutes(deps));
    app.route("/", operatorPeersRoutes(deps));
    app.route("/", operatorRecordRoutes(deps));
    app.route("/", operatorUsageRoutes(deps));
    app.route("/", operatorReleaseRoutes(deps));
    app.route("/", operatorBudgetRoutes(deps));
    if (deps.docs) {
      app.route(
        "/",
        docsRoutes(() => app.getOpenAPI31Document(describeApi(deps.version))),
      );
    }
    registerComponents(app);
  });
}

/** The OpenAPI document. It needs no running service. */
export function describeApp(version: string): object {
  // The dependencies may be missing, because the routes are only described and no handler runs.
  const app = createWholeApp({ version, docs: false, serveMetrics: false } as AppDeps);
  return app.getOpenAPI31Document(describeApi(version));
}
