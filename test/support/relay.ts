import { connect as connectTo, createServer, type Socket } from "node:net";

/** A TCP relay on a loopback port of its own, to break connections with. */
export interface Relay {
  readonly port: number;
  /** Bytes passed on so far: from clients to the target, and back. */
  readonly bytes: { readonly up: number; readonly down: number };
  /** Connections open now. */
  readonly connections: number;
  /** Resets every connection; new ones are taken as before. */
  cut(): void;
  /** Passes on nothing in either direction, while everything stays open. */
  pause(): void;
  /** Refuses new connections; open ones go on. */
  refuse(): Promise<void>;
  /** Ends `pause` and `refuse`. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** `onSent` sees what clients send. */
export async function startRelay(
  target: { readonly host?: string; readonly port: number },
  onSent: (chunk: Buffer) => void = () => {},
): Promise<Relay> {
  const bytes = { up: 0, down: 0 };
  const sockets = new Set<Socket>();
  let isPaused = false;

  function passOn(from: Socket, to: Socket, direction: "up" | "down") {
    sockets.add(from);
    from.on("data", (chunk) => {
      bytes[direction] += chunk.length;
      if (direction === "up") onSent(chunk);
      if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => {
      if (!isPaused) from.resume();
    });
    from.on("end", () => to.end());
    from.on("error", () => to.resetAndDestroy());
    from.on("close", () => {
      sockets.delete(from);
      if (from.readableEnded) to.destroySoon();
      else to.resetAndDestroy();
    });
    if (isPaused) from.pause();
  }

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connectTo({ host: target.host ?? "127.0.0.1", port: target.port, allowHalfOpen: true });
    passOn(client, upstream, "up");
    passOn(upstream, client, "down");
  });
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        const address = server.address();
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("the relay has no port"));
      });
    });
  const port = await listen(0);
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const refuse = async () => {
    // The callback of close() waits for open connections, too; the port is free at once.
    if (server.listening) server.close();
  };
  return {
    port,
    bytes,
    get connections() {
      return Math.ceil(sockets.size / 2);
    },
    cut,
    pause() {
      isPaused = true;
      for (const socket of sockets) socket.pause();
    },
    refuse,
    async resume() {
      isPaused = false;
      for (const socket of sockets) socket.resume();
      if (!server.listening) await listen(port);
    },
    async stop() {
      cut();
      await refuse();
    },
  };
}
