import type { MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { AppError, type ErrorCode } from "../errors.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { AuditEvent, AuditFields, Log } from "../log.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Readiness } from "../observability/readiness.ts";
import type { Recorder } from "../record/recorder.ts";
import type { RequestContext } from "../request-context.ts";
import type { FinalResults } from "../results/final.ts";
import type { IntermediateResults } from "../results/intermediate-results.ts";
import type { LocalResults } from "../results/local.ts";
import type { AppEnv } from "./env.ts";
import { describeError, detailResponse, errorResponse, statusOf } from "./error-responses.ts";
import { keepLengthOnHead, neverStored } from "./head.ts";
import { createRefusedTokens, type RefusedTokens } from "./refused-tokens.ts";
import { requestLog } from "./request-log.ts";
import { createRouteTable } from "./route-table.ts";
import { createRouter } from "./router.ts";
import { finalRoutes } from "./routes/final.ts";
import { healthRoutes } from "./routes/health.ts";
import { intermediateRoutes } from "./routes/intermediate.ts";
import { localRoutes } from "./routes/local.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import type { OperatorServices } from "./routes/operator-deps.ts";
import { createUploads, type UploadsDeps } from "./uploads.ts";
import type { Urls } from "./urls.ts";

export interface AppDeps extends Omit<UploadsDeps, "refuseRemoved"> {
  readonly authenticator: Authenticator;
  readonly local: LocalResults;
  readonly intermediate: IntermediateResults;
  readonly final: FinalResults;
  readonly readiness: Readiness;
  readonly recorder: Pick<Recorder, "countDenial">;
  readonly operator: OperatorServices;
  readonly metrics: Metrics;
  readonly urls: Urls;
  readonly log: Log;
  /** The quota of each project in bytes; 0 = no quota. */
  readonly projectQuota: number;
  readonly docs: boolean;
  /** Whether metrics are served. */
  readonly serveMetrics: boolean;
  readonly version: string;
  readonly context: RequestContext;
  readonly newRequestId: () => string;
  readonly now: () => number;
}

export type App = ReturnType<typeof createRouter>;

/** Builds the HTTP interface for analyses and probes; `addMore` adds further routes. It does not listen on a port. */
export function createApp(deps: AppDeps, addMore: (app: App) => void = () => {}): App {
  const app = createRouter();
  const authenticator = identifying(deps);
  const refusedTokens = createRefusedTokens(deps.log);
  const routes = createRouteTable(() => app.routes);
  app.use(requestLog({ ...deps, routes }));
  app.use(keepLengthOnHead);
  app.use(neverStored);
  app.use("/operator", operatorsOnly(deps));
  app.use("/operator/*", operatorsOnly(deps));
  app.use(refuseOtherMethods);
  app.route("/", healthRoutes(deps.readiness, deps.version));
  if (deps.serveMetrics) app.route("/", metricsRoutes(deps.metrics));
  const uploads = createUploads({ ...deps, refuseRemoved: (analysisId) => deps.local.refuseRemoved(analysisId) });
  app.route("/", localRoutes({ ...deps, authenticator, uploads }));
  app.route("/", intermediateRoutes({ ...deps, authenticator, uploads }));
  app.route("/", finalRoutes({ ...deps, authenticator, uploads }));
  addMore(app);
  app.notFound(() => detailResponse(404, "Not Found"));
  app.onError((error, c) => {
    if (error instanceof HTTPException && isAboutJson(error)) return detailResponse(error.status, error.message);
    const clientId = c.get("clientId");
    if (!logFailure(deps.log, refusedTokens, error, clientId)) c.set("isCounted", true);
    if (isDenial(error)) deps.recorder.countDenial(clientId);
    return errorResponse(error);
  });
  return app;
}

/** Adds the client's id to all log lines of a request. */
function identifying({ authenticator, context }: AppDeps): Authenticator {
  return {
    ...authenticator,
    async authenticate(authorization) {
      const clientId = await authenticator.authenticate(authorization);
      context.identify(clientId);
      return clientId;
    },
  };
}

const denials: readonly ErrorCode[] = ["not_authenticated", "token_rejected", "forbidden"];

const isDenial = (error: unknown): boolean => error instanceof AppError && denials.includes(error.code);

/** Whether the router refused a body that is no JSON (400) or has another Content-Type (415). */
function isAboutJson(error: HTTPException): error is HTTPException & { readonly status: 400 | 415 } {
  return error.status === 400 || error.status === 415;
}

/** Logs a failed request. Returns `false` if no line was written, because a flood of refused tokens is only counted. */
function logFailure(log: Log, refused: RefusedTokens, error: unknown, clientId: string | undefined): boolean {
  const description = describeError(error);
  if (!(error instanceof AppError)) log.error("http.failed", description);
  else if (!isDenial(error)) log[statusOf[error.code] >= 500 ? "warn" : "info"]("http.failed", description);
  else {
    const fields: AuditFields = { ...description, code: error.code, outcome: "denied" };
    if (clientId === undefined) return refused.report(fields);
    log.info("access.denied" satisfies AuditEvent, { ...fields, analysisId: clientId } satisfies AuditFields);
  }
  return true;
}

/** Answers 404 for all operator paths if the node has no operators. */
function operatorsOnly({ operator }: Pick<AppDeps, "operator">): MiddlewareHandler<AppEnv> {
  return async (_, next) => ((await operator.operators.areOn()) ? next() : detailResponse(404, "Not Found"));
}

/** Answers 405 if the path is known but does not support the method (RFC 9110 §15.5.6). */
const refuseOtherMethods: MiddlewareHandler<AppEnv> = async (c, next) => {
  const route = c.get("route");
  if (route === undefined || route.methods.has(c.req.method)) return next();
  return detailResponse(405, "Method Not Allowed", { Allow: [...route.methods].sort().join(", ") });
};
