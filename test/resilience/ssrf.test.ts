import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { loadDocument, routesOf } from "../openapi/document.ts";
import { formOf, isAvailable } from "../support/service.ts";
import { type Canary, startCanary, watchConnections } from "./attack/canary.ts";
import { startTarget, type Target } from "./attack/target.ts";

const routes = routesOf(loadDocument());
const backend = isAvailable("servers") ? "servers" : "embedded";

describe("requests of the service's own", () => {
  let target: Target;
  let canary: Canary;
  let connections: ReturnType<typeof watchConnections>;
  beforeAll(async () => {
    canary = await startCanary();
    // What proxies the environment names is no business of the service.
    const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
    const env = { ...Object.fromEntries(names.map((name) => [name, canary.url])), SUBMISSIONS__WAIT_SECONDS: "1" };
    target = await startTarget({ backend, env });
    await store("x", "x");
    connections = watchConnections(target.pid, Number(new URL(target.url).port));
  }, 60_000);
  afterAll(async () => {
    connections?.stop();
    await target?.stop();
    await canary?.stop();
  }, 30_000);

  /** What a text might be taken for: a url, a host, a path on another host, a reference of a document. */
  const baits = () => [
    canary.url,
    `${canary.url}/x?y#z`,
    canary.host,
    `//${canary.host}/`,
    `http:${canary.host}`,
    `http://127.0.0.1:${new URL(target.world.hubUrl).port}@${canary.host}/`,
    `@${canary.host}/`,
    `../../../../../${canary.url}`,
    `x\r\nHost: ${canary.host}`,
    `file:///etc/passwd`,
    `<!DOCTYPE x [<!ENTITY e SYSTEM "${canary.url}">]><x>&e;</x>`,
    `\${jndi:ldap://${canary.host}/x}`,
  ];

  test("no parameter, form field, file, name or token makes it turn to another host", async () => {
    const take = async (bait: string) => {
      const text = encodeURIComponent(bait);
      for (const { method, path, operation } of routes) {
        const query = (operation.parameters ?? [])
          .filter(({ in: place }) => place === "query")
          .map(({ name }) => `${name}=${text}`);
        const filled = `${path.replace(/\{\w+\}/g, text)}?${[...query, `url=${text}`, `callback=${text}`].join("&")}`;
        const schema = operation.requestBody?.content["multipart/form-data"]?.schema;
        const fields = Object.keys(schema?.properties ?? {}).filter((name) => name !== "file");
        for (const names of [fields, []]) {
          const parts = names.map((name) => [name, bait] as const);
          const file = [
            "file",
            new File([bait], bait, { type: `message/external-body; access-type=URL; URL="${bait}"` }),
          ] as const;
          const body = schema === undefined ? undefined : formOf(...parts, file);
          const response = await target.fetch(method === "DELETE" ? "adapter" : "1", filled, {
            method,
            redirect: "manual",
            ...(body === undefined ? {} : { body }),
          });
          expect([bait, method, path, response.status < 500]).toEqual([bait, method, path, true]);
          expect(response.headers.get("location")).toBeNull();
          await response.arrayBuffer();
        }
      }
      const header = { jku: bait, x5u: bait, kid: bait, jwk: { kty: "RSA", n: bait, e: "AQAB" } };
      const token = await target.world.identity.token(bait, { header, claims: { iss: bait, aud: bait, azp: bait } });
      const refused = await target.fetch("1", "/local/tags", { headers: { authorization: `Bearer ${token}` } });
      expect(refused.status).toBeGreaterThanOrEqual(403);
    };
    await Promise.all(baits().map(take));
    expect(canary.visits).toEqual([]);
  }, 60_000);

  const headers = () => ({
    "X-Forwarded-Host": canary.host,
    "X-Forwarded-Server": canary.host,
    "X-Forwarded-For": canary.host,
    "X-Forwarded-Prefix": `//${canary.host}`,
    "X-Forwarded-Port": "99",
    "X-Original-URL": `${canary.url}/local`,
    "X-Rewrite-URL": `${canary.url}/local`,
    "X-HTTP-Method-Override": "DELETE",
    "X-Real-IP": canary.host,
    Forwarded: `host=${canary.host};for=${canary.host};proto=gopher`,
    "True-Client-IP": canary.host,
    Referer: canary.url,
    Origin: canary.url,
    "Content-Location": canary.url,
    Destination: canary.url,
    Via: canary.host,
    "Proxy-Authorization": "Basic YTpi",
    "Proxy-Connection": "keep-alive",
    Upgrade: "h2c, websocket",
    traceparent: canary.url,
    tracestate: canary.url,
    baggage: canary.url,
  });

  /** A request whose answer holds a url. */
  async function listTags(headerLines: string, line = "GET /local/tags HTTP/1.1") {
    const token = await target.world.token("1");
    return target.raw(`${line}\r\n${headerLines}Authorization: Bearer ${token}\r\nConnection: close\r\n\r\n`);
  }
  const urlIn = (body: string) => {
    const { tags }: { tags: { url: string }[] } = JSON.parse(body);
    return tags[0]?.url ?? "";
  };
  async function store(content: string | Uint8Array<ArrayBuffer>, tag = "") {
    const body = formOf(["tag", tag], ["file", new File([content], "x.txt")]);
    const response = await target.fetch("1", "/local", { method: "PUT", body });
    const { object_id = "" }: { object_id?: string } = JSON.parse(await response.text());
    return { status: response.status, id: object_id };
  }

  test("headers that name other hosts lead nowhere, and get into no url, header or log line", async () => {
    for (const [name, value] of Object.entries(headers())) {
      const answer = await listTags(`Host: node.example\r\n${name}: ${value}\r\n`);
      if (name === "Upgrade" && answer.status !== 200) continue;
      expect([name, answer.status]).toEqual([name, 200]);
      expect([name, urlIn(answer.body)]).toEqual([
        name,
        expect.stringMatching(/^http:\/\/node\.example\/local\/tags\/x$/),
      ]);
      expect(answer.headers.filter(([, text]) => text.includes("127.0.0.2"))).toEqual([]);
    }
    expect(canary.visits).toEqual([]);
    const own = target.logLines().filter(({ event }) => event === "http.request");
    expect(own.length).toBeGreaterThan(20);
    expect(own.filter((line) => JSON.stringify(line).includes("127.0.0.2"))).toEqual([]);
  });

  test("a Host that is none, or a scheme, never gets into a url", async () => {
    const local = `http://localhost:${new URL(target.url).port}/local/`;
    for (const host of [
      "",
      "a b",
      'x"><script>alert(1)</script>',
      "x'onload=alert(1)",
      `x@${canary.host}`,
      `${canary.host}/x`,
      `${canary.host}?x`,
      `${canary.host}#x`,
      `x\\${canary.host}`,
      "x,y",
      "[::1",
      "::1",
      "x:port",
      "x:99999",
      "x:-1",
      ":80",
      ".",
      "-x-",
      "x..",
      "%31%32%37.0.0.1",
      "x%00",
      "x\u0000y",
      "x\u007fy",
      "\u00e9.example",
      "x\ty",
      "javascript:alert(1)",
      "$x",
      "a".repeat(300),
      "a".repeat(8_000),
    ]) {
      const answer = await listTags(`Host: ${host}\r\n`);
      if ([400, 413, 431].includes(answer.status)) continue;
      expect([host, answer.status]).toEqual([host, 200]);
      expect([host, urlIn(answer.body).startsWith(local)]).toEqual([host, true]);
    }
    for (const proto of ["javascript", "gopher", "http, https", "https://x", "http\tx", `${canary.url}`, "", "ftp"]) {
      const answer = await listTags(`Host: node.example\r\nX-Forwarded-Proto: ${proto}\r\n`);
      expect([proto, urlIn(answer.body)]).toEqual([proto, expect.stringMatching(/^http:\/\/node\.example\/local\//)]);
    }
    for (const lines of ["Host: a.example\r\nHost: b.example\r\n", ""]) {
      const answer = await listTags(lines);
      expect([lines, answer.status === 400 || urlIn(answer.body).startsWith(local)]).toEqual([lines, true]);
    }
    for (const line of [`GET ${canary.url}/local/tags HTTP/1.1`, `GET //${canary.host}/local/tags HTTP/1.1`]) {
      const answer = await listTags("Host: node.example\r\n", line);
      if (answer.status === 200) expect(urlIn(answer.body)).toStartWith("http://node.example/local/");
      else expect([400, 404]).toContain(answer.status);
    }
    const tunnel = await target.raw(
      `CONNECT ${canary.host} HTTP/1.1\r\nHost: ${canary.host}\r\nConnection: close\r\n\r\n`,
    );
    expect([400, 404, 405, 501]).toContain(tunnel.status);
    expect(canary.visits).toEqual([]);
    expect(target.output()).not.toContain("<script>");
  });

  test("a Hub that points elsewhere is not followed, with a token or without", async () => {
    const { hub } = target.world;
    const put = { method: "PUT", body: formOf(["file", new File(["x"], "x")]) };
    const requests: readonly (readonly [string, string, RequestInit])[] = [
      ["2", "/local/tags", {}],
      ["2", "/intermediate", put],
      ["2", "/final", { method: "PUT", body: formOf(["file", new File(["x"], "y")]) }],
      ["2", `/intermediate/${crypto.randomUUID()}`, {}],
      ["adapter", `/local?project_id=${crypto.randomUUID()}`, { method: "DELETE" }],
    ];
    for (const status of [301, 302, 303, 307, 308, 300, 305]) {
      const lift = hub.fail(
        { path: /./ },
        { kind: "status", status, headers: { Location: canary.url, Refresh: `0; url=${canary.url}` } },
      );
      hub.revokeTokens();
      for (const [as, path, init] of requests) {
        const response = await target.fetch(as === "2" ? "2" : "adapter", path, init);
        await response.arrayBuffer();
        expect([status, path, [202, 502].includes(response.status), response.status]).toEqual([
          status,
          path,
          true,
          response.status,
        ]);
        expect(response.headers.get("location")).toBeNull();
      }
      lift();
    }
    expect(canary.visits).toEqual([]);
  }, 60_000);

  test("it was connected to its own servers all the time, and to nobody else", () => {
    const { hubUrl, identityUrl, environment } = target.world;
    const store = target.storeTap === undefined ? [] : [`127.0.0.1:${target.storeTap.port}`];
    const database = backend === "embedded" ? [] : [`127.0.0.1:${environment.POSTGRES__PORT}`];
    const known = [new URL(hubUrl).host, new URL(identityUrl).host, ...store, ...database];
    expect([...connections.seen].filter((address) => !known.includes(address))).toEqual([]);
    expect(connections.seen.size).toBeGreaterThan(1);
    expect(canary.visits).toEqual([]);
  });

  test.skipIf(backend === "embedded")(
    "an object store that points elsewhere is an error, and no key goes there",
    async () => {
      const { storeTap } = target;
      if (storeTap === undefined) throw new Error("there is no store");
      const { id } = await store("x");
      storeTap.redirectTo = canary.url;
      for (const method of ["GET", "HEAD"]) {
        const read = await target.fetch("1", `/local/${id}`, { method, redirect: "manual" });
        expect([method, read.status, read.headers.get("location")]).toEqual([method, 502, null]);
      }
      expect((await store("x")).status).toBe(502);
      expect((await store(new Uint8Array(20_000_000))).status).toBe(502);
      storeTap.redirectTo = undefined;
      expect((await target.fetch("1", `/local/${id}`)).status).toBe(200);
      // Bun's own client follows it with uploads, which fail there: the operator's store is trusted with what it gets anyway.
      for (const { text } of canary.visits) {
        expect(text).toMatch(/^(?:PUT|POST) /);
        expect(text).not.toMatch(/authorization|signature|credential/i);
      }
    },
    60_000,
  );
});

test("a key set that has moved is asked for without anything that a third host could use", async () => {
  const canary = await startCanary();
  const moved = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => Response.redirect(`${canary.url}/certs`, 302),
  });
  const certs = `http://127.0.0.1:${moved.port}/certs`;
  const target = await startTarget({ backend: "embedded", env: { OIDC__CERTS_URL: certs } });
  const token = await target.world.token("1");
  expect((await target.fetch("1", "/local/tags")).status).toBe(502);
  for (const { text } of canary.visits) {
    expect(text).not.toContain(token);
    expect(text).not.toMatch(/authorization|cookie/i);
  }
  await target.stop();
  await moved.stop(true);
  await canary.stop();
}, 60_000);
