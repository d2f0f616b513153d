import http from "node:http";
import type { Connection } from "../http/env.ts";
import { idleSeconds } from "../http/env.ts";
import { detailResponse } from "../http/error-responses.ts";
import { requestIdOf } from "../http/request-log.ts";
import type { Log } from "../log.ts";
import { within } from "../time/deadline.ts";
import { everyPath } from "./plain-path.ts";
import { createSlowReaders } from "./slow-readers.ts";

export interface Listener {
  readonly port: number;
  /**
   * Refuses new connections at once and waits up to `graceSeconds` for running requests. Then it closes their
   * connections and waits at most 20 s for their handlers to clean up.
   */
  stop(graceSeconds: number): Promise<void>;
}

export interface ListenOptions {
  readonly hostname: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Whether other processes listen on the same port. */
  readonly sharesPort?: boolean | undefined;
  readonly fetch: (request: Request, connection: Connection) => Response | Promise<Response>;
  readonly log: Log;
}

/** How long handlers may take to clean up after their connections were closed. */
const cleanUpMs = 10_000;

/** The default of 16 KiB is too small for some tokens with many roles. */
const maxHeaderBytes = 64 * 1024;
/** Bun refuses longer headers without a reason. Its limit is higher than ours, so that the service can give a reason. */
const maxReceivedHeaderBytes = 2 * maxHeaderBytes;

/** Serves HTTP. Throws when the port is taken. */
export function listen({ hostname, port, sharesPort = false, fetch, log }: ListenOptions): Listener {
  const running = new Set<Promise<unknown>>();
  const slowReaders = createSlowReaders({ port: () => server.port ?? port });
  async function answer(request: Request, self: Bun.Server<undefined>): Promise<Response> {
    const setIdleTimeout = (seconds: number) => self.timeout(request, seconds);
    const allowSlowReading = (seconds: number) => {
      setIdleTimeout(seconds);
      const peer = self.requestIP(request);
      if (peer !== null) slowReaders.watch(peer, () => setIdleTimeout(seconds));
    };
    const work = Promise.resolve(
      fetch(request, { setIdleTimeout, allowSlowReading, address: () => self.requestIP(request)?.address }),
    );
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
    }
  }

  /** Refuses a request before the app sees it. The response has a request id, and the log a line, as for any other. */
  function refuse(request: Request, status: 400 | 404 | 431, detail: string): Response {
    const requestId = requestIdOf(request.headers.get("x-request-id"), () => crypto.randomUUID());
    log.info("http.request", { requestId, method: request.method, route: "/*", status, durationMs: 0 });
    const response = detailResponse(status, detail);
    response.headers.set("X-Request-Id", requestId);
    response.headers.set("Cache-Control", "no-store");
    return response;
  }
  const notFound = (request: Request) => refuse(request, 404, "Not Found");

  // Node's type declares it read-only. In Bun it can be set, and applies to all servers that start from now on.
  Object.assign(http, { maxHeaderSize: maxReceivedHeaderBytes });
  const server = Bun.serve({
    hostname,
    port,
    development: false,
    // Outside of development Bun shares the port by default. Then a second process would silently get half of the
    // requests.
    reusePort: sharesPort,
    // The only limit for uploads is SERVER__MAX_UPLOAD_BYTES, which `readUpload` checks while it reads.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    idleTimeout: idleSeconds,
    routes: everyPath((isPlain) => (request: Bun.BunRequest, self: Bun.Server<undefined>) => {
      // A request must have one Host (RFC 9112 §3.2). Bun joins several with a comma, which no host name contains.
      if (request.headers.get("host")?.includes(",")) return refuse(request, 400, "A request has exactly one Host");
      if (headerBytes(request) > maxHeaderBytes)
        return refuse(request, 431, "The request's header is larger than 64 KiB");
      return isPlain(request.params, request.url) ? answer(request, self) : notFound(request);
    }),
    fetch: notFound,
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

/** The approximate size of the request's header as it was sent. */
function headerBytes({ url, headers }: Request): number {
  let bytes = url.length;
  headers.forEach((value, name) => {
    bytes += name.length + value.length + ": \r\n".length;
  });
  return bytes;
}

export interface HeldPort {
  readonly port: number;
  /** Call it when another process listens on the port. */
  release(): Promise<void>;
}

/** How long the last responses of a held port may take. */
const releaseMs = 1_000;

/**
 * Reserves a port for the workers that will share it, and answers 503 there until `release`. Otherwise another program
 * could take the port before the first worker listens. Throws when the port is taken.
 */
export async function holdPort({ hostname, port }: Pick<ListenOptions, "hostname" | "port">): Promise<HeldPort> {
  const fetch = () => detailResponse(503, "The service is starting", { Connection: "close", "Retry-After": "1" });
  const hold = (port: number, reusePort: boolean) =>
    Bun.serve({ hostname, port, reusePort, development: false, fetch });
  // Linux lets every process join a shared port. Only an attempt to listen without sharing shows that the port is
  // taken.
  const alone = hold(port, false);
  const chosen = alone.port ?? port;
  await alone.stop(true);
  const held = hold(chosen, true);
  return {
    port: chosen,
    async release() {
      if (!(await within(held.stop(), releaseMs))) await within(held.stop(true), releaseMs);
    },
  };
}
