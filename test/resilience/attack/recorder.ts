import { connect, createServer, type Socket } from "node:net";

/** Passes TCP on to a server, and notes the first line of every HTTP request on its way. */
export interface Recorder {
  readonly port: number;
  /** Such as `GET /bucket/key`, without a signature. */
  readonly requests: string[];
  /** When set, requests are no longer passed on but sent elsewhere. */
  redirectTo: string | undefined;
  stop(): Promise<void>;
}

const requestLine = /(?:^|\r\n|\n)(GET|HEAD|PUT|POST|DELETE) (\S+) HTTP\/1\.1\r\n/g;

export async function startTap({ hostname, port }: Pick<URL, "hostname" | "port">): Promise<Recorder> {
  const requests: string[] = [];
  let redirectTo: string | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (redirectTo !== undefined) {
      const location = `Location: ${redirectTo}`;
      client.once("data", () =>
        client.end(`HTTP/1.1 307 Elsewhere\r\n${location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`),
      );
      client.on("error", () => {});
      sockets.add(client);
      return;
    }
    const upstream = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
    // A request's head comes in one piece: both clients in use write it at once.
    client.on("data", (chunk: Buffer) => {
      for (const [, method, target] of chunk.toString("latin1").matchAll(requestLine)) {
        requests.push(`${method} ${target?.replace(/[?&]X-Amz-.*/, "")}`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the recorder has no port");
  return {
    port: address.port,
    requests,
    get redirectTo() {
      return redirectTo;
    },
    set redirectTo(url) {
      redirectTo = url;
      // Kept connections would still be passed on.
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
