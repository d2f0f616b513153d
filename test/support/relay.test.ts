import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { until } from "./daemon.ts";
import { type Relay, startRelay } from "./relay.ts";

const MEBIBYTE = 1024 * 1024;
const open: { relay?: Relay; server?: Server; sockets: Socket[] } = { sockets: [] };

afterEach(async () => {
  for (const socket of open.sockets.splice(0)) socket.destroy();
  await open.relay?.stop();
  open.server?.close();
});

/** A server that sends back what it gets, behind a relay. */
async function startEcho(): Promise<Relay> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.sockets.push(socket);
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  open.server = server;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  open.relay = await startRelay({ port: address.port });
  return open.relay;
}

async function connectTo(relay: Relay): Promise<{ socket: Socket; received: () => number; closed: Promise<string> }> {
  let received = 0;
  let failure = "closed";
  const socket = connect({ port: relay.port, host: "127.0.0.1" });
  open.sockets.push(socket);
  socket.on("data", (chunk) => {
    received += chunk.length;
  });
  socket.on("error", (error) => {
    failure = "code" in error ? String(error.code) : error.message;
  });
  const closed = new Promise<string>((resolve) => socket.on("close", () => resolve(failure)));
  await once(socket, "connect");
  return { socket, received: () => received, closed };
}

test("bytes pass both ways, are counted, and the end of a stream is passed on", async () => {
  const relay = await startEcho();
  const { socket, received, closed } = await connectTo(relay);
  socket.end(Buffer.alloc(3 * MEBIBYTE));
  expect(await closed).toBe("closed");
  expect(received()).toBe(3 * MEBIBYTE);
  expect(relay.bytes).toEqual({ up: 3 * MEBIBYTE, down: 3 * MEBIBYTE });
  await until(() => relay.connections === 0, "the relay to forget the connection");
});

test("a cut resets open connections and takes new ones", async () => {
  const relay = await startEcho();
  const { socket, received, closed } = await connectTo(relay);
  socket.write("hello");
  await until(() => received() === 5, "the echo");
  relay.cut();
  expect(await closed).toBe("ECONNRESET");
  const next = await connectTo(relay);
  next.socket.write("hello");
  await until(() => next.received() === 5, "the echo");
});

test("nothing passes a paused relay, and everything does once it is resumed", async () => {
  const relay = await startEcho();
  const { socket, received } = await connectTo(relay);
  socket.write("hello");
  await until(() => received() === 5, "the echo");
  relay.pause();
  socket.write(Buffer.alloc(3 * MEBIBYTE));
  const late = await connectTo(relay);
  late.socket.write("hello");
  await Bun.sleep(100);
  expect([received(), late.received()]).toEqual([5, 0]);
  await relay.resume();
  await until(() => received() === 3 * MEBIBYTE + 5 && late.received() === 5, "what was held back");
});

test("a relay that refuses lets open connections go on, and takes new ones after resume", async () => {
  const relay = await startEcho();
  const { socket, received } = await connectTo(relay);
  socket.write("hello");
  await until(() => received() === 5, "the echo");
  await relay.refuse();
  await expect(connectTo(relay)).rejects.toThrow("ECONNREFUSED");
  socket.write("hello");
  await until(() => received() === 10, "the echo");
  await relay.resume();
  const next = await connectTo(relay);
  next.socket.write("hello");
  await until(() => next.received() === 5, "the echo");
});

test("a target that is not there looks like a reset", async () => {
  const relay = await startRelay({ port: 1 });
  open.relay = relay;
  const { closed } = await connectTo(relay);
  expect(await closed).toBe("ECONNRESET");
});
