import { connect, type Socket } from "node:net";

/** A TCP connection for requests that no HTTP client would send. */
export interface RawConnection {
  readonly socket: Socket;
  send(data: string | Uint8Array): Promise<void>;
  /** All that has come in so far. */
  received(): string;
  /** Resolves when the text received matches, or the connection has closed. */
  until(pattern: RegExp): Promise<string>;
  close(): void;
}

export async function connectRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  let text = "";
  let closed = false;
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  socket.on("data", (data) => {
    text += data.toString("latin1");
    changed();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
    changed();
  });
  return {
    socket,
    send: (data) => new Promise((resolve) => socket.write(data, () => resolve())),
    received: () => text,
    until: (pattern) =>
      new Promise((resolve) => {
        const check = () => {
          if (!closed && !pattern.test(text)) return;
          listeners.delete(check);
          resolve(text);
        };
        listeners.add(check);
        check();
      }),
    close: () => socket.destroy(),
  };
}
