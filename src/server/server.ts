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
   * Refuses new connections at once and lets running requests finish within the time; then cuts them, and resolves when
   * their handlers have cleaned up.
   */
  stop(graceSeconds: number): Promise<void>;
}

export interface ListenOptions {
  readonly hostname: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Whether other processes listen on the same port. */
  readonly sharesPort?: boolean | undefined;
  readonly fetch: (request: Request, connection: Connection) => Response | Promise<Response>;
  readonly log: Log;
}

/** How long handlers may take to clean up after their connections were cut. */
const cleanUpMs = 10_000;

/** Tokens with many roles are long; the default of 16 KiB is too small for some. */
const maxHeaderBytes = 64 * 1024;
/** Bun itself refuses what is longer, and without a word of explanation; so it takes more than we do. */
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

  /** What does not get as far as the application has an id and a line in the log all the same. */
  function refuse(request: Request, status: 400 | 404 | 431, detail: string): Response {
    const requestId = requestIdOf(request.headers.get("x-request-id"), () => crypto.randomUUID());
    log.info("http.request", { requestId, method: request.method, route: "/*", status, durationMs: 0 });
    const response = detailResponse(status, detail);
    response.headers.set("X-Request-Id", requestId);
    response.headers.set("Cache-Control", "no-store");
    return response;
  }
  const notFound = (request: Request) => refuse(request, 404, "Not Found");

  // Its type says that Node allows no such thing; Bun does, for all servers that are started from now on.
  Object.assign(http, { maxHeaderSize: maxReceivedHeaderBytes });
  const server = Bun.serve({
    hostname,
    port,
    development: false,
    // Outside of development Bun shares the port by default: a second process would silently take half of the requests.
    reusePort: sharesPort,
    // Uploads have no limit but SERVER__MAX_UPLOAD_BYTES, which counts while reading.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    idleTimeout: idleSeconds,
    routes: everyPath((isPlain) => (request: Bun.BunRequest, self: Bun.Server<undefined>) => {
      // RFC 9112 §3.2; joined by Bun, and no Host has a comma.
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

/** About as many as were sent. */
function headerBytes({ url, headers }: Request): number {
  let bytes = url.length;
  headers.forEach((value, name) => {
    bytes += name.length + value.length + ": \r\n".length;
  });
  return bytes;
}

export interface HeldPort {
  readonly port: number;
  /** To be called once another process listens on the port. */
  release(): Promise<void>;
}

/** How long the last answers of a held port may take. */
const releaseMs = 1_000;

/**
 * Keeps a port for processes that are going to share it, and answers 503 there until it is released: what is shared can be
 * taken by anybody, what is merely free by anybody else. Throws when the port is taken.
 */
export async function holdPort({ hostname, port }: Pick<ListenOptions, "hostname" | "port">): Promise<HeldPort> {
  const fetch = () => detailResponse(503, "The service is starting", { Connection: "close", "Retry-After": "1" });
  const hold = (port: number, reusePort: boolean) =>
    Bun.serve({ hostname, port, reusePort, development: false, fetch });
  // Linux gives a shared port to everybody who asks to share it. Only a request for it alone shows that it is taken.
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
