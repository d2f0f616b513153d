import { createServer, type Socket } from "node:net";

/** How a store answers a GET for its object; the bytes count from the first of the answer's body. */
export type Play =
  | { readonly kind: "whole" }
  /** The connection ends in the middle of the body. Who reads may get less than was sent. */
  | { readonly kind: "break"; readonly afterBytes: number }
  /** Nothing more comes until `breakOff`; no head either if there is to be no byte of the body. */
  | { readonly kind: "silent"; readonly afterBytes: number }
  /** The body has no length; its last chunk never comes. */
  | { readonly kind: "endless" };

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

export interface BreakingStore {
  readonly endpoint: string;
  /** The ranges and conditions of the requests so far. */
  readonly requests: { readonly range: string | undefined; readonly ifMatch: string | undefined }[];
  readonly connections: number;
  /** May be replaced or removed at any time. */
  object: StoredObject | undefined;
  /** What to make of the next requests; `whole` when there is none left. */
  readonly plays: Play[];
  /** Headers of its requests that the store knows nothing of. */
  readonly ignored: Set<"range" | "if-match">;
  /** Ends the connections that are open, in order unless by a reset. */
  breakOff(by?: "reset"): void;
  /** Takes no more connections, and resets those that are open. */
  leave(): void;
}

/** An S3 store of one object that breaks off as it is told to. It speaks for itself: an HTTP server would end answers properly. */
export async function startBreakingStore(object: StoredObject): Promise<BreakingStore> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (!text.includes("\r\n\r\n")) return;
      answer(store, socket, text);
      text = "";
    });
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address !== null && typeof address === "object") resolve(address.port);
    });
  });
  const store: BreakingStore = {
    endpoint: `http://127.0.0.1:${port}`,
    requests: [],
    get connections() {
      return sockets.size;
    },
    object,
    plays: [],
    ignored: new Set(),
    breakOff(by) {
      for (const socket of sockets) by === "reset" ? socket.resetAndDestroy() : socket.end();
    },
    leave() {
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
  return store;
}

function answer(store: BreakingStore, socket: Socket, head: string): void {
  const header = (name: string) => new RegExp(`^${name}: *(.*)\r$`, "im").exec(head)?.[1];
  const [range, ifMatch] = [header("range"), header("if-match")];
  store.requests.push({ range, ifMatch });
  const play = store.plays.shift() ?? { kind: "whole" };
  const { object, ignored } = store;
  if (object === undefined) {
    refuse(socket, "404 Not Found", "NoSuchKey");
    return;
  }
  if (ifMatch !== undefined && ifMatch !== object.etag && !ignored.has("if-match")) {
    refuse(socket, "412 Precondition Failed", "PreconditionFailed");
    return;
  }
  const match = ignored.has("range") ? undefined : /^bytes=(\d+)-(\d+)$/.exec(range ?? "");
  const [start, end] = match ? [Number(match[1]), Number(match[2])] : [0, object.bytes.length - 1];
  const body = object.bytes.subarray(start, end + 1);
  const lines = [
    match ? `206 Partial Content\r\nContent-Range: bytes ${start}-${end}/${object.bytes.length}` : "200 OK",
    play.kind === "endless" ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`,
    `ETag: ${object.etag}`,
    `Last-Modified: ${new Date(0).toUTCString()}`,
  ];
  if (play.kind === "silent" && play.afterBytes === 0) return;
  socket.write(`HTTP/1.1 ${lines.join("\r\n")}\r\n\r\n`);
  send(socket, body, play);
}

function send(socket: Socket, body: Uint8Array, play: Play): void {
  if (play.kind === "whole") socket.write(body);
  else if (play.kind === "silent") socket.write(body.subarray(0, play.afterBytes));
  else if (play.kind === "endless") {
    socket.write(`${body.length.toString(16)}\r\n`);
    socket.write(body);
    socket.write("\r\n");
  } else {
    socket.write(body.subarray(0, play.afterBytes), () => socket.end());
  }
}

function refuse(socket: Socket, status: string, code: string): void {
  const xml = `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;
  socket.write(`HTTP/1.1 ${status}\r\nContent-Length: ${xml.length}\r\n\r\n${xml}`);
}
