import { createApp } from "../http/app.ts";
import { stallSeconds } from "../http/env.ts";
import { createUrls } from "../http/urls.ts";
import type { Log } from "../log.ts";
import type { RequestContext } from "../request-context.ts";
import { listen } from "../server.ts";
import { createServices } from "../services.ts";
import type { Settings } from "../settings.ts";
import { version } from "../version.ts";

export interface RunningService {
  readonly port: number;
  readonly url: string;
  /** Lets running requests finish within `SERVER__SHUTDOWN_SECONDS`, then closes everything. */
  stop(): Promise<void>;
}

export interface StartDeps {
  readonly log: Log;
  readonly context: RequestContext;
  /** For tests; a client silent for this long is given up. */
  readonly stallMs?: number;
}

/** Opens what the settings name, brings the database up to date and listens. */
export async function startService(settings: Settings, { log, context, stallMs }: StartDeps): Promise<RunningService> {
  const services = await createServices(settings, log);
  let port = settings.server.port;
  const app = createApp({
    ...services,
    urls: createUrls({ publicUrl: settings.server.publicUrl, port: () => port }),
    log,
    context,
    maxUploadBytes: settings.server.maxUploadBytes,
    stallMs: stallMs ?? stallSeconds * 1000,
    docs: settings.server.docs,
    version,
    newRequestId: () => crypto.randomUUID(),
    now: () => performance.now(),
  });
  try {
    const { host: hostname } = settings.server;
    const listener = listen({ hostname, port, fetch: (request, connection) => app.fetch(request, connection), log });
    port = listener.port;
    return {
      port,
      url: `http://${hostname === "0.0.0.0" || hostname === "::" ? "localhost" : hostname}:${port}`,
      async stop() {
        await listener.stop(settings.server.shutdownSeconds);
        await services.close();
      },
    };
  } catch (error) {
    await services.close();
    throw error;
  }
}
