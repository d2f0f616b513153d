import { expect, test } from "bun:test";
import { healthcheck } from "../../src/commands/healthcheck.ts";
import { createTestIo } from "./test-io.ts";

/** Runs it against a server that answers so; needs nothing in the environment but where that is. */
async function check(answer: () => Response, env: Record<string, string> = {}, hostname = "127.0.0.1") {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname,
    fetch(request) {
      asked.push(new URL(request.url).pathname);
      return answer();
    },
  });
  const io = createTestIo({ SERVER__PORT: String(server.port), ...env });
  const code = await healthcheck(io);
  await server.stop(true);
  return { code, asked, complaints: io.errors.join("\n") };
}

test("a service that answers is healthy", async () => {
  expect(await check(() => Response.json({ status: "ok" }))).toEqual({ code: 0, asked: ["/healthz"], complaints: "" });
});

test("it is found on the address it listens on", async () => {
  const env = { SERVER__HOST: "127.0.0.2" };
  expect(await check(() => new Response("ok"), env, "127.0.0.2")).toMatchObject({ code: 0 });
  const all = await check(() => new Response("ok"), { SERVER__HOST: "0.0.0.0" });
  expect(all.code).toBe(0);
});

test("a service that answers otherwise is not healthy", async () => {
  const { code, complaints } = await check(() => new Response("no", { status: 503 }));
  expect([code, complaints]).toEqual([1, expect.stringContaining("answers 503")]);
});

test("nor is one that does not answer", async () => {
  const io = createTestIo({ SERVER__PORT: "1" });
  expect(await healthcheck(io)).toBe(1);
  expect(io.errors.join()).toContain("The service does not answer");
});

test("the port may come from .env", async () => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("ok") });
  const io = createTestIo({});
  const readTextFile = (path: string) => (path === ".env" ? `SERVER__PORT=${server.port}\n` : io.readTextFile(path));
  expect(await healthcheck({ ...io, readTextFile })).toBe(0);
  await server.stop(true);
});

test("a port that is none is named", async () => {
  const io = createTestIo({ SERVER__PORT: "eighty" });
  expect(await healthcheck(io)).toBe(1);
  expect(io.errors.join()).toContain("SERVER__PORT must be a whole number");
});
