import { connect, type Socket } from "node:net";
import { createAnswerReader } from "./answer-reader.ts";

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: readonly Uint8Array[];
}

/** How a request ended. */
export type Outcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: ReadonlyMap<string, string>;
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** Whether the answer said that the connection ends with it. */
      readonly isLast: boolean;
    }
  /** No connection came about: nothing was sent. */
  | { readonly kind: "refused" }
  /** The connection ended before a byte of the answer; `isReused` when it had served another request before. */
  | { readonly kind: "closed"; readonly isReused: boolean; readonly reason: string }
  /** The answer broke off. */
  | { readonly kind: "cut"; readonly status: number | undefined; readonly reason: string }
  /** No byte came for so long that the client gave up. */
  | { readonly kind: "silent" };

/**
 * A client with one connection, which it keeps. It never repeats a request of its own accord, as others do, and tells
 * exactly how a request ended; so it can be believed about what was acknowledged.
 */
export interface HttpClient {
  /** One at a time. */
  send(request: HttpRequest): Promise<Outcome>;
  close(): void;
}

export function createHttpClient(url: string, silenceMs = 90_000): HttpClient {
  const { hostname, port, host } = new URL(url);
  let idle: Socket | undefined;

  function keep(socket: Socket) {
    idle = socket;
    // Without a listener an error on an idle connection would end the process.
    socket.on("error", () => {});
    socket.once("close", () => {
      if (idle === socket) idle = undefined;
    });
  }

  return {
    async send(request) {
      const isReused = idle !== undefined;
      const socket = idle ?? (await open(hostname, Number(port)));
      idle = undefined;
      if (socket === undefined) return { kind: "refused" };
      const { outcome, isKept } = await exchange(socket, request, { host, isReused, silenceMs });
      if (isKept) keep(socket);
      else socket.destroy();
      return outcome;
    },
    close() {
      idle?.destroy();
      idle = undefined;
    },
  };
}

function open(hostname: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port, noDelay: true });
    const failed = () => {
      socket.destroy();
      resolve(undefined);
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      resolve(socket);
    });
  });
}

interface Circumstances {
  readonly host: string;
  readonly isReused: boolean;
  readonly silenceMs: number;
}

function exchange(socket: Socket, request: HttpRequest, { host, isReused, silenceMs }: Circumstances) {
  const answer = createAnswerReader(request.method === "HEAD");
  const { promise, resolve } = Promise.withResolvers<{ outcome: Outcome; isKept: boolean }>();
  let reason = "closed";
  const broken = (): Outcome =>
    hasAnything ? { kind: "cut", status: answer.status, reason } : { kind: "closed", isReused, reason };
  let hasAnything = false;
  const finish = (outcome: Outcome, isKept = false) => {
    clearTimeout(timer);
    socket.removeAllListeners("data").removeAllListeners("end").removeAllListeners("close");
    socket.removeAllListeners("error").on("error", () => {});
    resolve({ outcome, isKept });
  };
  const timer = setTimeout(() => finish({ kind: "silent" }), silenceMs);
  socket.on("data", (chunk: Buffer) => {
    timer.refresh();
    hasAnything = true;
    try {
      if (!answer.take(chunk)) return;
    } catch (error) {
      reason = String(error);
      return finish(broken());
    }
    const { status = 0, headers, isLast } = answer;
    // An answer may come before the request is sent; the rest of it would be taken for another request.
    const isWhole = socket.writableLength === 0;
    finish({ kind: "answered", status, headers, bytes: answer.bytes(), isLast }, isWhole && !isLast);
  });
  socket.on("end", () => finish(broken()));
  socket.on("close", () => finish(broken()));
  socket.on("error", (error) => {
    reason = error.message;
    finish(broken());
  });
  const length = request.body?.reduce((sum, piece) => sum + piece.byteLength, 0);
  const headers = { Host: host, ...(length === undefined ? {} : { "Content-Length": length }), ...request.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${request.method} ${request.path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  for (const piece of request.body ?? []) if (piece.byteLength > 0) socket.write(piece);
  return promise;
}
