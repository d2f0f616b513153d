import type { Connection } from "./http/env.ts";
import { idleSeconds } from "./http/env.ts";
import { detailResponse } from "./http/errors.ts";
import type { Log } from "./log.ts";

export interface Listener {
  readonly port: number;
  /**
   * Refuses new connections at once and lets running requests finish within the time; then cuts them, and resolves when
   * their handlers have cleaned up.
   */
  stop(graceSeconds: number): Promise<void>;
}

export interface ListenOptions {
  readonly hostname: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly fetch: (request: Request, connection: Connection) => Response | Promise<Response>;
  readonly log: Log;
}

/** How long handlers may take to clean up after their connections were cut. */
const cleanUpMs = 10_000;

/** Serves HTTP. Throws when the port is taken. */
export function listen({ hostname, port, fetch, log }: ListenOptions): Listener {
  const running = new Set<Promise<unknown>>();
  const server = Bun.serve({
    hostname,
    port,
    development: false,
    // Outside of development Bun shares the port by default: a second process would silently take half of the requests.
    reusePort: false,
    // Uploads have no limit but SERVER__MAX_UPLOAD_BYTES, which counts while reading.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    idleTimeout: idleSeconds,
    async fetch(request, self) {
      const connection = { setIdleTimeout: (seconds: number) => self.timeout(request, seconds) };
      const work = Promise.resolve(fetch(request, connection));
      running.add(work);
      try {
        return await work;
      } finally {
        running.delete(work);
      }
    },
    error(error) {
      log.error("http.crashed", { error: error.stack ?? error.message });
      return detailResponse(500, "Internal Server Error");
    },
  });

  return {
    port: server.port ?? port,
    async stop(graceSeconds) {
      const finished = await within(server.stop(), graceSeconds * 1000);
      if (finished) return;
      log.warn("server.cut", { requests: running.size });
      await within(server.stop(true), cleanUpMs);
      await within(Promise.allSettled(running), cleanUpMs);
    },
  };
}

async function within(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
