import { createServer, type Socket } from "node:net";

export interface RawServer {
  readonly url: string;
  readonly port: number;
  /** What each connection has sent so far, in the order of their coming. */
  readonly received: string[];
  stop(): void;
}

/** A server without manners: `answer` gets the socket whenever bytes arrive, with the number of its connection from 1. */
export async function startRawServer(answer: (socket: Socket, connection: number) => void): Promise<RawServer> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const connection = received.push("");
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (data) => {
      received[connection - 1] += data.toString("latin1");
      answer(socket, connection);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    port: address.port,
    received,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

export function httpResponse(status: string, body = "", headers: readonly string[] = []): string {
  return [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${body.length}`, "", body].join("\r\n");
}
