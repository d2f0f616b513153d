import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connectRaw } from "../support/raw-http.ts";
import { formOf, startTestService, type TestService } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";

describe("the server", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(() => service.stop());

  async function raw(request: string): Promise<string> {
    const client = await connectRaw(service.url);
    await client.send(request);
    const answer = await client.until(/\r\n\r\n.*[}\]]$/s);
    client.close();
    return answer;
  }

  async function storedUrl(headers: Record<string, string>, host?: string): Promise<string> {
    const token = await service.token("1");
    const body = '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nx\r\n--b--\r\n';
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const answer = await raw(
      `PUT /local HTTP/1.${host === undefined ? 0 : 1}\r\n${host === undefined ? "" : `Host: ${host}\r\n`}Authorization: Bearer ${token}\r\n` +
        `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}\r\n${lines.join("")}\r\n${body}`,
    );
    return /"url":"([^"]*)"/.exec(answer)?.[1]?.replace(/[0-9a-f-]{36}$/, "ID") ?? answer;
  }

  test("is alive without a token, the Hub or anything else", async () => {
    const before = service.hub.requests.length;
    for (const path of ["/healthz", "/healthz/"]) {
      const response = await fetch(`${service.url}${path}`);
      expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
    }
    expect(service.hub.requests.length).toBe(before);
  });

  test("knows its paths and their methods, and answers in JSON", async () => {
    for (const path of ["/nope", "/local/a/b/c", "/LOCAL", "/local/tags/a/b"]) {
      const response = await fetch(`${service.url}${path}`);
      expect([path, response.status, await response.json()]).toEqual([path, 404, { detail: "Not Found" }]);
    }
    for (const [method, path, allow] of [
      ["POST", "/", "GET, HEAD"],
      ["POST", "/healthz", "GET, HEAD"],
      ["POST", "/local/upload", "PUT"],
      ["PATCH", "/storage/local/upload", "PUT"],
      ["POST", "/local", "DELETE, PUT"],
      ["DELETE", "/local/tags", "GET, HEAD, POST"],
      ["PATCH", `/local/${crypto.randomUUID()}`, "GET, HEAD"],
    ] as const) {
      const response = await fetch(`${service.url}${path}`, { method });
      expect([path, response.status, await response.json()]).toEqual([path, 405, { detail: "Method Not Allowed" }]);
      expect(response.headers.get("allow")).toBe(allow);
    }
  });

  test("tells by HEAD how long an answer to GET is", async () => {
    for (const path of ["/healthz", "/nope", "/local/tags", "/openapi.json"]) {
      const head = await fetch(`${service.url}${path}`, { method: "HEAD" });
      const length = (await (await fetch(`${service.url}${path}`)).arrayBuffer()).byteLength;
      expect([path, head.headers.get("content-length")]).toEqual([path, String(length)]);
    }
  });

  test("gives every answer a request id: the client's own if it is sane", async () => {
    const idFor = async (id: string) =>
      (await fetch(`${service.url}/healthz`, { headers: { "x-request-id": id } })).headers.get("x-request-id");
    expect(await idFor("abc-123")).toBe("abc-123");
    for (const odd of ["", "a b", "x".repeat(200), 'a"b', "-a"]) {
      expect(await idFor(odd)).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    }
    const failed = await fetch(`${service.url}/local/tags`, { headers: { "x-request-id": "seen-in-errors" } });
    expect([failed.status, failed.headers.get("x-request-id")]).toEqual([401, "seen-in-errors"]);
  });

  test.each([
    ["result.node.local:8080", {}, "http://result.node.local:8080/local/ID"],
    ["[::1]:8080", {}, "http://[::1]:8080/local/ID"],
    ["flame.svc.cluster.local.:8080", {}, "http://flame.svc.cluster.local.:8080/local/ID"],
    ["node.example", { "X-Forwarded-Proto": "https, http" }, "https://node.example/local/ID"],
    ["node.example", { "X-Forwarded-Proto": "HTTPS,http" }, "https://node.example/local/ID"],
    ["node.example", { "x-forwarded-proto": "https", "X-Forwarded-Proto": "http" }, "https://node.example/local/ID"],
    ["node.example", { "X-Forwarded-Proto": "https" }, "https://node.example/local/ID"],
    ["node.example", { "X-Forwarded-Proto": "gopher" }, "http://node.example/local/ID"],
    [
      "node.example",
      { "X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/x" },
      "http://node.example/local/ID",
    ],
  ] as const)("makes urls from the host %s and %j", async (host, headers, url) => {
    expect(await storedUrl(headers, host)).toBe(url);
  });

  test.each([
    "evil.example/local/x?",
    "a b",
    "user@evil.example",
    "evil.example#",
    "-x",
    "a:b",
    "a..%",
    "[fe80::1%a/b]",
    "[fe80::1%]",
    "a, b",
    "x\tlocal",
    "ünï",
  ])("keeps the hostile host %j out of urls", async (host) => {
    const url = await storedUrl({}, host);
    // Some are refused by the server itself.
    if (!url.startsWith("HTTP/1.1 400")) expect(url).toBe(`${service.url.replace("127.0.0.1", "localhost")}/local/ID`);
  });

  test("answers a request without a host", async () => {
    expect(await storedUrl({})).toBe(`${service.url.replace("127.0.0.1", "localhost")}/local/ID`);
  });

  test("writes one line per request, with its id, and neither token nor file name", async () => {
    const token = await service.token("1");
    const headers = { authorization: `Bearer ${token}`, "x-request-id": "log-me" };
    await fetch(`${service.url}/local`, {
      method: "PUT",
      headers,
      body: formOf(["file", new File(["content"], "patients.csv")]),
    });
    const line = service.logLines.find(
      ({ event, fields }) => event === "http.request" && fields.method === "PUT" && fields.route === "/local",
    );
    expect(line?.fields).toMatchObject({ status: 200 });
    const all = JSON.stringify(service.logLines);
    expect(all).not.toContain(token);
    expect(all).not.toContain("patients.csv");
  });
});

test("the public url wins over what the request says", async () => {
  const service = await startTestService({ env: { SERVER__PUBLIC_URL: "https://results.example/node/" } });
  const stored = await service.fetch("1", "/local", { method: "PUT", body: formOf(["file", new File(["x"], "x")]) });
  const { url, object_id } = (await stored.json()) as { url: string; object_id: string };
  expect(url).toBe(`https://results.example/node/local/${object_id}`);
  await service.stop();
});

describe("stopping", () => {
  test("a running upload may finish; new connections are refused at once", async () => {
    const service = await startTestService();
    const client = await connectRaw(service.url);
    const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n';
    const tail = "\r\n--b--\r\n";
    await client.send(
      `PUT /local HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\n` +
        `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: ${head.length + 4 + tail.length}\r\n\r\n${head}da`,
    );
    await Bun.sleep(50);
    const stopped = service.stop();
    await Bun.sleep(50);
    expect(fetch(`${service.url}/healthz`)).rejects.toThrow();
    await client.send(`ta${tail}`);
    expect(await client.until(/\}$/)).toStartWith("HTTP/1.1 200 ");
    await stopped;
    client.close();
  });

  test("an upload that does not finish in time is cut and leaves nothing", async () => {
    const service = await startTestService({ env: { SERVER__SHUTDOWN_SECONDS: "1" } });
    const client = await connectRaw(service.url);
    await client.send(
      `PUT /local HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\n` +
        `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n` +
        `--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nhalf`,
    );
    await Bun.sleep(50);
    await service.shutDown();
    expect(await countObjects(service)).toBe(0);
    await service.stop();
    client.close();
  });
});
