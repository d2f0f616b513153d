import { AppError } from "../errors.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { Log } from "../log.ts";
import type { RequestContext } from "../request-context.ts";
import type { IntermediateResults } from "../results/intermediate.ts";
import type { LocalResults } from "../results/local.ts";
import { docsRoutes } from "./docs.ts";
import { describeError, detailResponse, errorResponse } from "./errors.ts";
import { requestLog } from "./request-log.ts";
import { createRouter } from "./router.ts";
import { healthRoutes } from "./routes/health.ts";
import { intermediateRoutes } from "./routes/intermediate.ts";
import { localRoutes } from "./routes/local.ts";
import type { Urls } from "./urls.ts";

export interface AppDeps {
  readonly authenticator: Authenticator;
  readonly local: LocalResults;
  readonly intermediate: IntermediateResults;
  readonly urls: Urls;
  readonly log: Log;
  /** 0 = no limit. */
  readonly maxUploadBytes: number;
  readonly stallMs: number;
  readonly docs: boolean;
  readonly version: string;
  readonly context: RequestContext;
  readonly newRequestId: () => string;
  readonly now: () => number;
}

/** The whole HTTP interface as a function of what it stands on; it does not listen. */
export function createApp(deps: AppDeps) {
  const app = createRouter();
  app.use(requestLog(deps));
  app.route("/", healthRoutes());
  app.route("/", localRoutes(deps));
  app.route("/", intermediateRoutes(deps));
  if (deps.docs)
    app.route(
      "/",
      docsRoutes(deps.version, (info) => app.getOpenAPI31Document(info)),
    );
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
  });
  refuseOtherMethods(app);
  app.notFound(() => detailResponse(404, "Not Found"));
  app.onError((error) => {
    const level = error instanceof AppError ? "info" : "error";
    deps.log[level]("http.failed", describeError(error));
    return errorResponse(error);
  });
  return app;
}

/** RFC 9110 §15.5.6: a known path with a method it has not. */
function refuseOtherMethods(app: ReturnType<typeof createRouter>): void {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (path === "/*" || method === "ALL") continue;
    methods.set(path, (methods.get(path) ?? new Set<string>()).add(method));
  }
  for (const [path, allowed] of methods) {
    if (allowed.has("GET")) allowed.add("HEAD");
    const headers = { Allow: [...allowed].sort().join(", ") };
    app.all(path, () => detailResponse(405, "Method Not Allowed", headers));
  }
}
