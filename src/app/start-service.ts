import { type Connection, stallSeconds } from "../http/env.ts";
import { createServing } from "../http/serving.ts";
import { createStartingApp } from "../http/starting-app.ts";
import { createUrls } from "../http/urls.ts";
import type { Log } from "../log.ts";
import { createCountedLog } from "../observability/counted-log.ts";
import type { Metrics, MetricsReport } from "../observability/metrics.ts";
import { createPrometheusMetrics, type Gathered } from "../observability/prometheus.ts";
import type { PartState } from "../observability/readiness.ts";
import type { TrafficCounter } from "../operators/traffic-counter.ts";
import type { RequestContext } from "../request-context.ts";
import { listen } from "../server/server.ts";
import type { Settings } from "../settings/settings.ts";
import { version } from "../version.ts";
import { newSha256 } from "./record-services.ts";
import { createServices, type Services } from "./services.ts";
import { createTurns } from "./upload-turns.ts";

export interface RunningService {
  readonly port: number;
  readonly url: string;
  /** The metrics of this process. */
  report(): Promise<MetricsReport>;
  /** Lets running requests finish within `SERVER__SHUTDOWN_SECONDS`, then closes everything. */
  stop(): Promise<void>;
}

export interface StartDeps {
  readonly log: Log;
  readonly context: RequestContext;
  /** For tests: how long a client may be silent before its request is given up. */
  readonly stallMs?: number;
  /** How long to wait for a database and an object store that are not up yet. */
  readonly patienceMs?: number | undefined;
  /** Aborts the waiting. */
  readonly signal?: AbortSignal;
  /** Set if other workers share the port: collects their metrics. */
  readonly gather?: () => Promise<Gathered>;
  /** Called once the process listens on the port. The service is not ready yet at that time. */
  readonly onListening?: () => void;
  /** For tests: gets every response before it is sent, and may replace it. */
  readonly inspect?: (request: Request, response: Response) => Promise<Response>;
}

/**
 * Listens at once, so that a probe can distinguish a waiting process from a dead one. Then it opens the storage that
 * the settings name and migrates the database. Resolves when it serves requests.
 */
export async function startService(settings: Settings, deps: StartDeps): Promise<RunningService> {
  const { context, patienceMs, signal, gather, inspect = async (_, response) => response } = deps;
  const metrics = createPrometheusMetrics({ version, runtime: `bun ${Bun.version}`, gather });
  let watcher: TrafficCounter["count"] = () => {};
  const log = createCountedLog(deps.log, metrics, (event, fields) => watcher(event, fields));
  const parts = new Map<string, PartState>();
  const startingApp = createStartingApp(() => Object.fromEntries(parts), version);
  let serve = async (request: Request, connection: Connection) => startingApp.fetch(request, connection);
  const { host: hostname, shutdownSeconds } = settings.server;
  const fetch = (request: Request, connection: Connection) => serve(request, connection);
  const sharesPort = gather !== undefined;
  const listener = listen({ hostname, port: settings.server.port, sharesPort, fetch, log });
  deps.onListening?.();
  try {
    const onPart = (name: string, state: PartState) => void parts.set(name, state);
    const { traceparent, requestId } = context;
    const watchTraffic = (count: typeof watcher) => {
      watcher = count;
    };
    const surroundings = { log, metrics, traceparent, requestId, watchTraffic, patienceMs, signal, onPart };
    const services = await createServices(settings, surroundings);
    const answer = createAnswer(settings, services, { ...deps, log, metrics, port: listener.port });
    serve = async (request, connection) => inspect(request, await answer(request, connection));
    return {
      port: listener.port,
      url: serviceUrl(hostname, listener.port),
      report: metrics.report,
      async stop() {
        services.readiness.stop();
        services.submissions.drain();
        await listener.stop(shutdownSeconds);
        await services.close();
      },
    };
  } catch (error) {
    await listener.stop(0);
    throw error;
  }
}

interface AppParts extends StartDeps {
  readonly metrics: Metrics;
  readonly port: number;
}

function createAnswer(settings: Settings, services: Services, parts: AppParts) {
  const { log, metrics, context, stallMs = stallSeconds * 1000, port } = parts;
  const { server } = settings;
  return createServing({
    ...services,
    urls: createUrls({ publicUrl: server.publicUrl, port: () => port }),
    log,
    context,
    maxUploadBytes: server.maxUploadBytes,
    projectQuota: settings.quota.projectBytes,
    stallMs,
    turns: createTurns(settings, log),
    newHash: newSha256,
    tellsDigests: settings.local.digests,
    docs: server.docs,
    metrics,
    serveMetrics: server.metrics,
    version,
    newRequestId: () => crypto.randomUUID(),
    now: () => performance.now(),
  });
}

/** The URL at which the same machine reaches a service that listens on this address. */
export function serviceUrl(hostname: string, port: number): string {
  return `http://${hostname === "0.0.0.0" || hostname === "::" ? "localhost" : hostname}:${port}`;
}
