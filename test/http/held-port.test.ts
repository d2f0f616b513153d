import { expect, test } from "bun:test";
import { holdPort, type Listener, listen } from "../../src/server/server.ts";
import { createTestLog } from "../support/log.ts";

const hostname = "127.0.0.1";
const serve = (port: number, sharesPort: boolean): Listener =>
  listen({ hostname, port, sharesPort, fetch: () => new Response("served"), log: createTestLog().log });
const ask = (port: number) => fetch(`http://${hostname}:${port}/`, { keepalive: false });

test("a held port says that the service is starting, and is nobody else's", async () => {
  const held = await holdPort({ hostname, port: 0 });
  const response = await ask(held.port);
  expect([response.status, await response.json()]).toEqual([503, { detail: "The service is starting" }]);
  expect(response.headers.get("connection")).toBe("close");
  expect(() => serve(held.port, false)).toThrow(String(held.port));
  expect(holdPort({ hostname, port: held.port })).rejects.toThrow(String(held.port));
  await held.release();
  expect(ask(held.port)).rejects.toThrow();
});

test("once it is released, whoever shares the port has it to himself, even if a client has never said a word", async () => {
  const held = await holdPort({ hostname, port: 0 });
  const silent = await Bun.connect({ hostname, port: held.port, socket: { data() {} } });
  const listener = serve(held.port, true);
  await held.release();
  const answers = await Promise.all(Array.from({ length: 50 }, async () => (await ask(held.port)).text()));
  expect(new Set(answers)).toEqual(new Set(["served"]));
  silent.end();
  await listener.stop(1);
});

test.skipIf(process.platform !== "linux")("a port is held from whoever serves alone or shares it", async () => {
  for (const sharesPort of [false, true]) {
    const listener = serve(0, sharesPort);
    expect(holdPort({ hostname, port: listener.port })).rejects.toThrow(String(listener.port));
    await listener.stop(1);
  }
});
