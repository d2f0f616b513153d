import { connectRaw } from "../../support/raw-http.ts";
import type { ResilienceWorld } from "../support/world.ts";
import { type Answer, parseResponses } from "./answers.ts";

export interface Talk {
  readonly answers: readonly Answer[];
  readonly isClosed: boolean;
}

export interface TalkOptions {
  /** Of the requests that are sent. */
  readonly methods?: readonly string[];
  /** Waits for the connection to be closed, not only for an answer to each request. */
  readonly untilClosed?: boolean;
  /** Closes our half of the connection when everything is sent. */
  readonly halfClose?: boolean;
  /** Gives up waiting. */
  readonly limitMs?: number;
}

/** Sends pieces one after the other over a connection of their own, and collects what comes back. */
export async function talk(
  world: ResilienceWorld,
  pieces: readonly (string | Uint8Array)[],
  options: TalkOptions = {},
): Promise<Talk> {
  const { methods = ["GET"], untilClosed = false, halfClose = false, limitMs = 20_000 } = options;
  const connection = await connectRaw(world.url);
  const { socket } = connection;
  const { promise, resolve } = Promise.withResolvers<void>();
  let isClosed = false;
  const answers = () => parseResponses(connection.received(), methods, isClosed);
  const look = () => {
    if (isClosed || (!untilClosed && answers().filter(({ status }) => status >= 200).length >= methods.length))
      resolve();
  };
  socket.on("data", look);
  socket.on("end", () => {
    isClosed = true;
    look();
  });
  socket.on("close", () => {
    isClosed = true;
    look();
  });
  world.figures.requests += methods.length;
  for (const [index, piece] of pieces.entries()) {
    const bytes = typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
    if (index > 0) await Bun.sleep(5);
    // Later pieces may meet a connection that the service has closed; that is its right.
    if (isClosed) break;
    // The end comes along with the last bytes, before an answer can have been given.
    if (halfClose && index === pieces.length - 1) socket.end(bytes);
    else await Promise.race([connection.send(bytes), promise]);
  }
  const timer = setTimeout(resolve, limitMs);
  await promise;
  clearTimeout(timer);
  const result = { answers: answers(), isClosed };
  connection.close();
  for (const { status } of result.answers) {
    world.figures.statuses[status] = (world.figures.statuses[status] ?? 0) + 1;
  }
  return result;
}
