import { createApp } from "../http/app.ts";
import { type Connection, stallSeconds } from "../http/env.ts";
import { createUrls } from "../http/urls.ts";
import type { Log } from "../log.ts";
import { createCountedLog } from "../observability/counted-log.ts";
import type { MetricsReport } from "../observability/metrics.ts";
import { createPrometheusMetrics, type Gathered } from "../observability/prometheus.ts";
import type { RequestContext } from "../request-context.ts";
import { listen } from "../server/server.ts";
import type { Settings } from "../settings/settings.ts";
import { version } from "../version.ts";
import { createServices } from "./services.ts";
import { createTurns } from "./upload-turns.ts";

export interface RunningService {
  readonly port: number;
  readonly url: string;
  /** What this process has counted. */
  report(): Promise<MetricsReport>;
  /** Lets running requests finish within `SERVER__SHUTDOWN_SECONDS`, then closes everything. */
  stop(): Promise<void>;
}

export interface StartDeps {
  readonly log: Log;
  readonly context: RequestContext;
  /** For tests; a client silent for this long is given up. */
  readonly stallMs?: number;
  /** How long to wait for a database and an object store that are not up yet. */
  readonly patienceMs?: number | undefined;
  /** Ends that waiting. */
  readonly signal?: AbortSignal;
  /** Where the port is shared with other workers: asks them for what they have counted. */
  readonly gather?: () => Promise<Gathered>;
  /** For tests; sees every answer before it is sent, and may send another one. */
  readonly inspect?: (request: Request, response: Response) => Promise<Response>;
}

/** Opens what the settings name, brings the database up to date and listens. */
export async function startService(settings: Settings, deps: StartDeps): Promise<RunningService> {
  const { context, stallMs, patienceMs, signal, gather, inspect = async (_, response) => response } = deps;
  const metrics = createPrometheusMetrics({ version, runtime: `bun ${Bun.version}`, gather });
  const log = createCountedLog(deps.log, metrics);
  const { traceparent } = context;
  const services = await createServices(settings, { log, metrics, traceparent, patienceMs, signal });
  let port = settings.server.port;
  const app = createApp({
    ...services,
    urls: createUrls({ publicUrl: settings.server.publicUrl, port: () => port }),
    log,
    context,
    maxUploadBytes: settings.server.maxUploadBytes,
    stallMs: stallMs ?? stallSeconds * 1000,
    turns: createTurns(settings, log),
    docs: settings.server.docs,
    metrics,
    serveMetrics: settings.server.metrics,
    version,
    newRequestId: () => crypto.randomUUID(),
    now: () => performance.now(),
  });
  try {
    const { host: hostname } = settings.server;
    const fetch = async (request: Request, connection: Connection) =>
      inspect(request, await app.fetch(request, connection));
    const listener = listen({ hostname, port, sharesPort: gather !== undefined, fetch, log });
    port = listener.port;
    return {
      port,
      url: serviceUrl(hostname, port),
      report: metrics.report,
      async stop() {
        services.readiness.stop();
        services.submissions.drain();
        await listener.stop(settings.server.shutdownSeconds);
        await services.close();
      },
    };
  } catch (error) {
    await services.close();
    throw error;
  }
}

/** Where to reach a service that listens on this address from its own machine. */
export function serviceUrl(hostname: string, port: number): string {
  return `http://${hostname === "0.0.0.0" || hostname === "::" ? "localhost" : hostname}:${port}`;
}
