import { afterEach, describe, expect, test } from "bun:test";
import { createOutbound } from "../../../src/hub/transport/create-outbound.ts";
import { quietLog } from "../../../src/log.ts";
import { pulledBody } from "../bodies.ts";
import { catchAppError } from "../catch-error.ts";
import { type RawServer, startRawServer } from "./raw-server.ts";

const outbound = createOutbound({ log: quietLog, limits: { idleMs: 400, backoffMs: 2 } });
const MIB = 1024 * 1024;

let server: RawServer | undefined;
afterEach(() => server?.stop());

function upload(url: string, openBody: () => ReadableStream<Uint8Array>) {
  return outbound.upload({ method: "POST", url, openBody, mayRepeat: () => false });
}

describe("an upload", () => {
  test("to a receiver that stops taking bytes is given up", async () => {
    server = await startRawServer((socket) => socket.pause());
    const { body, seen } = pulledBody(500 * MIB);
    expect((await catchAppError(upload(server.url, () => body))).code).toBe("hub_timeout");
    expect(seen.pulledBytes).toBeLessThan(50 * MIB);
  });

  test("that is reset is not repeated", async () => {
    server = await startRawServer((socket) => socket.resetAndDestroy());
    expect((await catchAppError(upload(server.url, () => pulledBody(MIB).body))).code).toBe("hub_unreachable");
    expect(server.received).toHaveLength(1);
  });

  test("never uses a connection that served before", async () => {
    server = await startRawServer((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
    await outbound.call({ method: "GET", url: server.url });
    await upload(server.url, () => pulledBody(10).body);
    expect(server.received.map((text) => text.slice(0, 4))).toEqual(["GET ", "POST"]);
  });
});

describe("a download", () => {
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";

  async function open(answer: Parameters<typeof startRawServer>[0]) {
    server = await startRawServer(answer);
    const { stream } = await outbound.download({ method: "GET", url: server.url });
    if (stream === undefined) throw new Error("no stream");
    return stream;
  }

  test.each([
    ["a proper close", (socket: import("node:net").Socket) => socket.end()],
    ["a reset", (socket: import("node:net").Socket) => socket.resetAndDestroy()],
  ])("that ends too early with %s errors", async (_, cut) => {
    const stream = await open((socket) => {
      socket.write(head);
      setTimeout(() => cut(socket), 20);
    });
    expect((await catchAppError(new Response(stream).text())).code).toBe("hub_unreachable");
  });

  test("that falls silent errors after the idle time", async () => {
    const stream = await open((socket) => socket.write(head));
    expect((await catchAppError(new Response(stream).text())).code).toBe("hub_timeout");
  });

  test("whose reader takes its time does not", async () => {
    const stream = await open((socket) => socket.write(`${head}5\r\nworld\r\n0\r\n\r\n`));
    let text = "";
    for await (const chunk of stream) {
      text += new TextDecoder().decode(chunk);
      await Bun.sleep(600);
    }
    expect(text).toBe("helloworld");
  });

  test("that is cancelled closes its connection", async () => {
    const closed = Promise.withResolvers<void>();
    const stream = await open((socket) => {
      socket.once("close", () => closed.resolve());
      socket.write(head);
    });
    await stream.cancel();
    await closed.promise;
  });
});
