import { afterEach, describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { createOutbound } from "../../../src/hub/transport/create-outbound.ts";
import type { OutboundLimits } from "../../../src/hub/transport/outbound.ts";
import { quietLog } from "../../../src/log.ts";
import { catchAppError } from "../catch-error.ts";
import { httpResponse, type RawServer, startRawServer } from "./raw-server.ts";

const outboundWith = (limits: Partial<OutboundLimits> = {}) =>
  createOutbound({ log: quietLog, limits: { backoffMs: 2, ...limits } });

let server: RawServer | undefined;
afterEach(() => server?.stop());

async function serve(answer: (socket: Socket, connection: number) => void): Promise<RawServer> {
  server = await startRawServer(answer);
  return server;
}

const get = (url: string) => ({ method: "GET", url }) as const;
const post = (url: string) => ({ method: "POST", url, json: { a: 1 } }) as const;

describe("a call", () => {
  test("gives any status and the JSON of its body", async () => {
    const { url } = await serve((socket) => socket.end(httpResponse("418 Teapot", '{"code":"short"}')));
    expect(await outboundWith().call(get(url))).toMatchObject({ status: 418, body: { code: "short" } });
  });

  test("has no body when the answer is none, no JSON or labelled with a made-up encoding", async () => {
    const labelled = httpResponse("200 OK", '{"a":1}', ["Content-Encoding: utf-8"]);
    const answers = [httpResponse("204 No Content"), httpResponse("200 OK", "<html>"), labelled];
    const { url } = await serve((socket, connection) => socket.end(answers[connection - 1] ?? ""));
    const bodies = [];
    for (const _ of answers) bodies.push((await outboundWith().call({ ...get(url), idempotent: false })).body);
    expect(bodies).toEqual([undefined, undefined, { a: 1 }]);
  });

  test("does not read an answer without end", async () => {
    const { url } = await serve((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (let block = 0; block < 100; block++) socket.write(`10000\r\n${"x".repeat(0x10000)}\r\n`);
    });
    const error = await catchAppError(outboundWith({ maxResponseBytes: 1_000_000 }).call(get(url)));
    expect([error.code, error.upstream?.status]).toEqual(["hub_unexpected", 200]);
  });

  test("does not follow a redirect, nor carry its token there", async () => {
    const { url, received } = await serve((socket) => {
      socket.end(httpResponse("302 Found", "", [`Location: ${server?.url}elsewhere`]));
    });
    expect((await outboundWith().call(get(url))).status).toBe(302);
    expect(received).toHaveLength(1);
  });

  test("is made again after a reset, at once and on a new connection", async () => {
    const { url, received } = await serve((socket, connection) => {
      if (connection < 2) socket.resetAndDestroy();
      else socket.end(httpResponse("200 OK", "{}"));
    });
    expect((await outboundWith({ backoffMs: 1e9 }).call(get(url))).status).toBe(200);
    expect(received).toHaveLength(2);
  });

  test("is made again on a new connection while there is time, when a firewall has forgotten the old one", async () => {
    const { url, received } = await serve((socket, connection) => {
      const isForgotten = connection === 1 && (received[0]?.split("GET ").length ?? 0) > 2;
      if (!isForgotten) socket.write(httpResponse("200 OK", "{}"));
    });
    const outbound = outboundWith({ callMs: 5_000 });
    expect((await outbound.call(get(url))).status).toBe(200);
    expect((await outbound.call(get(url))).status).toBe(200);
    expect(received.map((text) => text.split("GET ").length - 1)).toEqual([2, 1]);
  });

  test("is made a third time when the new connection is silent as well, and waits for a slow Hub then", async () => {
    const { url, received } = await serve((socket, connection) => {
      if (connection === 3) socket.end(httpResponse("200 OK", "{}"));
    });
    expect((await outboundWith({ callMs: 3_000 }).call(get(url))).status).toBe(200);
    expect(received).toHaveLength(3);
  });

  test("that may not be sent twice waits for all its time, once", async () => {
    const { url, received } = await serve(() => {});
    expect((await catchAppError(outboundWith({ callMs: 1_000 }).call(post(url)))).code).toBe("hub_timeout");
    expect(received).toHaveLength(1);
  });

  test("that may not be sent twice is not, and has a connection of its own", async () => {
    const { url, received } = await serve((socket, connection) => {
      if (connection === 1) socket.write(httpResponse("200 OK", "{}"));
      else socket.resetAndDestroy();
    });
    const outbound = outboundWith();
    await outbound.call(get(url));
    expect((await catchAppError(outbound.call(post(url)))).code).toBe("hub_unreachable");
    expect(received.map((text) => text.slice(0, 4))).toEqual(["GET ", "POST"]);
  });

  test("that may not be sent twice is, when it surely was not processed", async () => {
    const { url, received } = await serve((socket, connection) => {
      if (connection < 3) socket.end(httpResponse("429 Busy"));
      else socket.end(httpResponse("503 Down"));
    });
    expect((await outboundWith().call(post(url))).status).toBe(503);
    expect(received).toHaveLength(3);
  });

  test("gives up after a number of attempts, and before the limit when waiting is in vain", async () => {
    const { url, received } = await serve((socket) => socket.end(httpResponse("503 Down")));
    expect((await outboundWith({ attempts: 4 }).call(get(url))).status).toBe(503);
    expect(received).toHaveLength(4);
    expect((await outboundWith({ backoffMs: 60_000 }).call(get(url))).status).toBe(503);
    expect(received).toHaveLength(5);
  });

  test("ends with its time limit even in the midst of an answer", async () => {
    const { url } = await serve((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
    const error = await catchAppError(outboundWith({ callMs: 60 }).call(get(url)));
    expect(error.code).toBe("hub_timeout");
  });
});

describe("no answer says why", () => {
  const reason = async (url: string) => {
    const error = await catchAppError(outboundWith({ attempts: 1 }).call(get(url)));
    expect([error.code, error.message]).toEqual(["hub_unreachable", "The Hub cannot be reached"]);
    return error.operatorDetail ?? "";
  };

  test("nobody listens", async () => {
    const { url, stop } = await serve(() => {});
    stop();
    expect(await reason(url)).toContain("refuses the connection");
  });

  test("no such name", async () => {
    expect(await reason("http://hub.invalid/")).toContain("cannot be resolved");
  });

  test("closed without an answer", async () => {
    const { url } = await serve((socket) => socket.end());
    expect(await reason(url)).toContain("closed the connection");
  });

  test("no TLS where https was expected", async () => {
    const { port } = await serve((socket) => socket.end(httpResponse("400 Bad")));
    expect(await reason(`https://127.0.0.1:${port}/`)).toContain("does not speak TLS");
  });
});

test("the environment's proxy variables have no say", async () => {
  const { url } = await serve((socket) => socket.end(httpResponse("200 OK", "{}")));
  const before = process.env.HTTP_PROXY;
  process.env.HTTP_PROXY = "http://127.0.0.1:1";
  try {
    expect((await outboundWith({ attempts: 1 }).call(get(url))).status).toBe(200);
  } finally {
    if (before === undefined) delete process.env.HTTP_PROXY;
    else process.env.HTTP_PROXY = before;
  }
});
