import type { Socket } from "bun";
import { createAnswerReader } from "./answer-reader.ts";

/** A kept connection for ready-made requests, one after another: as little work for the client as can be. */
export interface RawClient {
  send(request: Uint8Array): void;
  close(): void;
}

export interface RawClientEvents {
  /** The whole answer is in. */
  readonly answered: (status: number) => void;
  readonly failed: (error: Error) => void;
}

export async function connectClient(url: string, { answered, failed }: RawClientEvents): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  const reader = createAnswerReader();
  let unsent: Uint8Array = new Uint8Array();
  let isClosing = false;
  const write = (socket: Socket) => {
    if (unsent.length > 0) unsent = unsent.subarray(socket.write(unsent));
  };
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data(_, bytes) {
        const status = reader.take(bytes);
        if (status !== undefined) answered(status);
      },
      drain: write,
      close() {
        if (!isClosing) failed(new Error(`${url} closed the connection`));
      },
      error: (_, error) => failed(error),
    },
  });
  return {
    send(request) {
      unsent = request;
      write(socket);
    },
    close() {
      isClosing = true;
      socket.end();
    },
  };
}

/** Sends one request on a connection of its own; resolves with the status. */
export async function sendOnce(url: string, request: Uint8Array): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const client = await connectClient(url, { answered: resolve, failed: reject });
  client.send(request);
  return promise.finally(client.close);
}
