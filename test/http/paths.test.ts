import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connectRaw } from "../support/raw-http.ts";
import { formOf, startTestService, type TestService } from "../support/service.ts";

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

async function raw(target: string, ...lines: string[]): Promise<string> {
  const client = await connectRaw(service.url);
  const head = lines.some((line) => /^host:/i.test(line)) ? lines : ["Host: x", ...lines];
  await client.send(`GET ${target} HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n`);
  const answer = await client.until(/\r\n\r\n/);
  client.close();
  return answer.split("\r\n")[0] ?? "";
}

test.each([
  "/local/../healthz",
  "/local/%2e%2e/healthz",
  "/local/.%2E/healthz",
  "/local/./../healthz",
  "/healthz/.",
  "/healthz/./",
  "/x\\..\\healthz",
  "\\healthz",
  "/storage/../healthz",
  "/..",
  "/healthz#x",
  "/a/b/c/d/e/f/g/h/i/../../../../../../../../../healthz",
])("%s reaches no other route", async (target) => {
  // A target that does not begin with a slash is no path to the server either.
  expect(await raw(target)).toMatch(/^HTTP\/1\.1 (?:404 Not Found|400 Bad Request)$/);
});

test("a request with two hosts is refused", async () => {
  expect(await raw("/healthz", "Host: a", "Host: b")).toBe("HTTP/1.1 400 Bad Request");
  expect(await raw("/healthz", "Host: a", "Host: a")).toBe("HTTP/1.1 400 Bad Request");
  expect(await raw("/healthz", "Host: a")).toBe("HTTP/1.1 200 OK");
});

test("what gets no further than the port has a request id and a line in the log as well", async () => {
  for (const [target, lines, status] of [
    ["/healthz", ["Host: a", "Host: b"], 400],
    ["/local/../healthz", ["Host: a"], 404],
    [`${"/a".repeat(20)}`, ["Host: a"], 404],
  ] as const) {
    const client = await connectRaw(service.url);
    const id = crypto.randomUUID();
    await client.send(`GET ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\nX-Request-Id: ${id}\r\n\r\n`);
    const answer = (await client.until(/\r\n\r\n/)).toLowerCase();
    expect(answer).toContain(`x-request-id: ${id}`);
    expect(answer).toContain("cache-control: no-store");
    client.close();
    const line = service.logLines.find(({ fields }) => fields.requestId === id);
    expect([line?.event, line?.fields.status, line?.fields.method]).toEqual(["http.request", status, "GET"]);
  }
});

test("a header block may have 63 KiB and 190 lines", async () => {
  expect(await raw("/healthz", `X-Long: ${"x".repeat(63 * 1024)}`)).toBe("HTTP/1.1 200 OK");
  const lines = Array.from({ length: 190 }, (_, number) => `X-Line-${number}: x`);
  expect(await raw("/healthz", ...lines)).toBe("HTTP/1.1 200 OK");
});

test.each([
  ["one long line", () => [`X-Long: ${"x".repeat(65 * 1024)}`]],
  ["a token with thousands of roles", () => [`Authorization: Bearer ${"x".repeat(120 * 1024)}`]],
  ["many lines", () => Array.from({ length: 100 }, (_, number) => `X-Line-${number}: ${"x".repeat(700)}`)],
  ["a long line said twice", () => Array.from({ length: 2 }, () => `X-Long: ${"x".repeat(40 * 1024)}`)],
] satisfies [string, () => string[]][])(
  "a header block of more than 64 KiB is refused with a reason: %s",
  async (_, lines) => {
    const client = await connectRaw(service.url);
    await client.send(`GET /healthz HTTP/1.1\r\nHost: a\r\n${lines().join("\r\n")}\r\n\r\n`);
    const answer = await client.until(/\}$/);
    expect(answer).toStartWith("HTTP/1.1 431 ");
    expect(answer).toContain(`{"detail":"The request's header is larger than 64 KiB"}`);
    client.close();
  },
);

test("a header block of 500 lines is refused with 431, and the next connection is served", async () => {
  const lines = Array.from({ length: 500 }, (_, number) => `X-Line-${number}: x`);
  const client = await connectRaw(service.url);
  await client.send(`GET /healthz HTTP/1.1\r\nHost: a\r\n${lines.join("\r\n")}\r\n\r\n`);
  // Resolves once the connection is closed.
  const answer = await client.until(/(?!)/);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(await raw("/healthz")).toBe("HTTP/1.1 200 OK");
});

describe("under the prefix that a node's proxy strips", () => {
  test("all routes answer as without it", async () => {
    for (const path of ["/healthz", "/", "", "/docs", "/openapi.json", "/metrics"]) {
      const response = await fetch(`${service.url}/storage${path}`);
      expect([path, response.status]).toEqual([path, 200]);
      await response.body?.cancel();
    }
    const body = formOf(["tag", "t"], ["file", new File(["1"], "x")]);
    const put = await service.fetch("1", "/storage/local", { method: "PUT", body });
    const { url, object_id: objectId, id } = (await put.json()) as Record<"url" | "object_id" | "id", string>;
    expect([url, id]).toEqual([`${service.url}/local/${objectId}`, objectId]);
    for (const path of [`/local/${objectId}`, "/local/tags", "/local/tags/", "/local/tags/t"]) {
      const response = await service.fetch("1", `/storage${path}`);
      expect([path, response.status]).toEqual([path, 200]);
      await response.body?.cancel();
    }
    expect((await service.fetch("1", "/storage/nope")).status).toBe(404);
    expect((await service.fetch("1", "/storagelocal/tags")).status).toBe(404);
    expect((await fetch(`${service.url}/storage/local/tags`)).status).toBe(401);
  });
});

test("of schemes that proxies forward on lines of their own the first counts, and a forwarded host does not", async () => {
  const body = formOf(["tag", "forwarded"], ["file", new File(["1"], "x")]);
  expect((await service.fetch("1", "/local", { method: "PUT", body })).status).toBe(200);
  const token = await service.token("1");
  const urlFor = async (...lines: string[]) => {
    const client = await connectRaw(service.url);
    const head = ["Host: a", `Authorization: Bearer ${token}`, ...lines].join("\r\n");
    await client.send(`GET /local/tags HTTP/1.1\r\n${head}\r\n\r\n`);
    const answer = await client.until(/\]\}$/);
    client.close();
    return /"name":"forwarded","url":"([^"]*)"/.exec(answer)?.[1] ?? answer;
  };
  const [https, http] = ["X-Forwarded-Proto: https", "X-Forwarded-Proto: http"];
  expect(await urlFor(https, http)).toBe("https://a/local/tags/forwarded");
  expect(await urlFor(http, https)).toBe("http://a/local/tags/forwarded");
  const hosts = ["X-Forwarded-Host: b", "X-Forwarded-Host: c"];
  expect(await urlFor(https, ...hosts)).toBe("https://a/local/tags/forwarded");
});

test("the version is told without a token", async () => {
  const response = await fetch(`${service.url}/`);
  expect([response.status, Object.keys((await response.json()) as object)]).toEqual([200, ["version"]]);
});

test("no cache may keep an answer, whatever it is", async () => {
  const body = formOf(["file", new File(["1"], "x")]);
  const put = await service.fetch("1", "/local", { method: "PUT", body });
  const { object_id: id } = (await put.json()) as { object_id: string };
  for (const path of ["/local/tags", `/local/${id}`, "/nope", "/healthz", `/local/${crypto.randomUUID()}`]) {
    expect([path, (await service.fetch("1", path)).headers.get("cache-control")]).toEqual([path, "no-store"]);
  }
  expect((await fetch(`${service.url}/local/tags`)).headers.get("cache-control")).toBe("no-store");
});

test("every request is logged under the route that answered it", async () => {
  const requests = [
    ["GET", "/local/tags", "/local/tags"],
    ["POST", "/local/tags", "/local/tags"],
    ["PUT", "/local/upload", "/local/upload"],
    ["POST", "/local/upload", "/local/upload"],
    ["GET", "/storage/local/tags/a", "/local/tags/:tag_name"],
    ["GET", "/local/x", "/local/:object_id"],
    ["DELETE", "/local", "/local"],
    ["GET", "/final/x", "/*"],
  ] as const;
  for (const [method, path, route] of requests) {
    await (await service.fetch("1", path, { method })).body?.cancel();
    const line = service.logLines.findLast(({ event }) => event === "http.request");
    expect([method, path, line?.fields.route]).toEqual([method, path, route]);
  }
});
