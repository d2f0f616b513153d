import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { connectRaw } from "../support/raw-http.ts";
import { isAvailable } from "../support/service.ts";
import { openStorageView, type StorageView } from "./support/storage-view.ts";
import { type ResilienceWorld, startResilienceWorld } from "./support/world.ts";
import { startWithFewDescriptors } from "./wire/few-descriptors.ts";
import { bearer, formOf, formType, headOf } from "./wire/requests.ts";
import { type Talk, type TalkOptions, talk } from "./wire/talk.ts";

let world: ResilienceWorld;
let storage: StorageView;
let authorization: string;
/** A stored file and a sent one. */
let objectId: string;
let sentId: string;
/** Ids of the files whose upload was answered with success. */
const acknowledged = new Set<string>();
const content = "content of a small file";

beforeAll(async () => {
  world = await startResilienceWorld({ storage: isAvailable("servers") ? "servers" : "embedded", name: "connections" });
  storage = openStorageView(world);
  authorization = await bearer(world);
  objectId = await upload("/local");
  acknowledged.add(objectId);
  sentId = await upload("/intermediate");
}, 120_000);
afterAll(async () => {
  await storage.close();
  await world.stop();
});

async function upload(path: string): Promise<string> {
  const body = formOf(content);
  const headers = { authorization, "content-type": formType };
  const response = await fetch(`${world.url}${path}`, { method: "PUT", headers, body });
  const { object_id: id } = (await response.json()) as { object_id: string };
  return id;
}

const health = headOf("GET /healthz");
const put = (body: string, headers: Record<string, string> = {}, version?: string) =>
  headOf(
    "PUT /local",
    { Authorization: authorization, "Content-Type": formType, "Content-Length": body.length, ...headers },
    version,
  );
const get = (path: string, headers: Record<string, string> = {}, version?: string) =>
  headOf(`GET ${path}`, { Authorization: authorization, ...headers }, version);
const statuses = ({ answers }: Talk) => answers.map(({ status }) => status);

/** Talks, and remembers what was acknowledged. */
async function say(pieces: readonly (string | Uint8Array)[], options?: TalkOptions): Promise<Talk> {
  const result = await talk(world, pieces, options);
  for (const { body } of result.answers) note(body);
  return result;
}

function note(answer: string) {
  const id = /"object_id":"([^"]+)"/.exec(answer)?.[1];
  if (id !== undefined) acknowledged.add(id);
}

async function expectOnlyAcknowledged() {
  const stored = async () => (await Array.fromAsync(storage.objects.list(""))).map((key) => key.split("/").at(-1));
  await eventually(async () => expect(new Set(await stored())).toEqual(acknowledged), 20_000);
}

describe("HTTP/1.0", () => {
  test.each([{}, { Connection: "keep-alive" }])(
    "is answered, files too, and its connection closed: %j",
    async (headers) => {
      const read = await say([get(`/local/${objectId}`, headers, "1.0")], { untilClosed: true });
      expect(read).toMatchObject({ answers: [{ status: 200, body: content }], isClosed: true });
      // HTTP/1.0 knows no chunks.
      expect(read.answers[0]?.headers.has("transfer-encoding")).toBe(false);
      const stored = await say([put(formOf("x"), headers, "1.0") + formOf("x")], {
        untilClosed: true,
        methods: ["PUT"],
      });
      expect(statuses(stored)).toEqual([200]);
      const bare = await say(["GET /healthz HTTP/1.0\r\n\r\n"], { untilClosed: true });
      expect(statuses(bare)).toEqual([200]);
    },
  );
});

describe("a connection", () => {
  test("serves one request after the other", async () => {
    const connection = await connectRaw(world.url);
    for (let turn = 1; turn <= 50; turn += 1) {
      const headers = { "X-Request-Id": `turn-${turn}` };
      await connection.send(turn % 2 === 0 ? headOf("GET /healthz", headers) : get("/local/tags", headers));
      await connection.until(new RegExp(`X-Request-Id: turn-${turn}\\r\\n[^]*\\}$`, "i"));
    }
    expect(connection.received().match(/HTTP\/1\.1 200 /g)).toHaveLength(50);
    connection.close();
    world.figures.requests += 50;
  });

  test("is closed after the answer when the client asks for it", async () => {
    for (const request of [
      headOf("GET /healthz", { Connection: "close" }),
      get(`/local/${objectId}`, { Connection: "close" }),
    ]) {
      expect(await say([request], { untilClosed: true })).toMatchObject({
        answers: [{ status: 200 }],
        isClosed: true,
      });
    }
  });

  test("whose client has closed its half may get no answer, and then nothing is kept of what it sent", async () => {
    const body = formOf("nobody waits for the answer");
    for (let turn = 0; turn < 5; turn += 1) {
      await say([put(body) + body], { untilClosed: true, halfClose: true, methods: ["PUT"] });
      world.figures.faults += 1;
    }
    await expectOnlyAcknowledged();
    expect(statuses(await say([health]))).toEqual([200]);
  });
});

describe("requests sent ahead of the answers", () => {
  test("are answered in order", async () => {
    const paths = ["/healthz", "/nope", "/healthz", "/healthz/nope", "/healthz"];
    const result = await say([paths.map((path) => headOf(`GET ${path}`)).join("")], {
      methods: paths.map(() => "GET"),
    });
    expect(statuses(result)).toEqual([200, 404, 200, 404, 200]);
  });

  test.each<[string, () => string, readonly string[]]>([
    ["an upload, then a read", () => put(formOf("ahead")) + formOf("ahead") + health, ["PUT", "GET"]],
    ["two uploads", () => (put(formOf("ahead")) + formOf("ahead")).repeat(2), ["PUT", "PUT"]],
    [
      "a read, an upload, a read",
      () => health + put(formOf("ahead")) + formOf("ahead") + health,
      ["GET", "PUT", "GET"],
    ],
    ["two reads that take time", () => get("/local/tags").repeat(2), ["GET", "GET"]],
    ["two files", () => get(`/local/${objectId}`).repeat(2), ["GET", "GET"]],
  ])(
    "are answered in order, or the connection is closed and nothing kept of those without an answer: %s",
    async (_, request, methods) => {
      const { answers, isClosed } = await say([request()], { methods, limitMs: 10_000 });
      expect(answers.length === methods.length || isClosed).toBe(true);
      answers.forEach(({ status, body }, index) => {
        expect([status, methods[index] === "PUT"]).toEqual([200, body.includes("object_id")]);
      });
      await expectOnlyAcknowledged();
      world.figures.faults += 1;
    },
  );
});

describe("a client that asks before it sends its file", () => {
  const body = formOf("asked first");

  test("is told to go on, and its file is taken", async () => {
    const connection = await connectRaw(world.url);
    await connection.send(put(body, { Expect: "100-continue" }));
    expect(await connection.until(/\r\n\r\n/)).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    await connection.send(body);
    const answer = await connection.until(/\}$/);
    expect(answer).toContain("HTTP/1.1 200 OK");
    note(answer);
    connection.close();
    world.figures.requests += 1;
  });

  test("has its answer without sending a byte of it when there is no token", async () => {
    const head = headOf("PUT /local", { "Content-Type": formType, "Content-Length": 2 ** 30, Expect: "100-continue" });
    const { answers } = await say([head], { methods: ["PUT"] });
    expect(answers.at(-1)).toMatchObject({ status: 401, body: '{"detail":"Not authenticated"}' });
  });

  test.skipIf(Bun.which("curl") === null)("has hardly sent anything when it is curl", async () => {
    const file = `${world.spoolDir}/upload`;
    await Bun.write(file, new Uint8Array(200 * 2 ** 20));
    const format = "%{http_code} %{size_upload}";
    const curl = ["curl", "-s", "-o", "/dev/null", "-w", format, "-X", "PUT", "-H", "Expect: 100-continue"];
    const child = Bun.spawn([...curl, "-F", `file=@${file}`, `${world.url}/local`], { stdout: "pipe" });
    const [status, bytes] = (await child.stdout.text()).split(" ").map(Number);
    expect(status).toBe(401);
    expect(bytes).toBeLessThan(16 * 2 ** 20);
    world.figures.requests += 1;
  });
});

describe("HEAD", () => {
  test.each<[string, () => string]>([
    ["health", () => "/healthz"],
    ["readiness", () => "/readyz"],
    ["the description", () => "/openapi.json"],
    ["the docs", () => "/docs"],
    ["tags", () => "/local/tags"],
    ["what has a tag", () => "/local/tags/none"],
    ["a file", () => `/local/${objectId}`],
    ["a sent file", () => `/intermediate/${sentId}`],
    ["a file that is not there", () => `/local/${crypto.randomUUID()}`],
    ["a path that is not there", () => "/nope"],
    ["a route for uploads", () => "/local"],
  ])("of %s gives what GET gives, but for the body", async (_, path) => {
    const head = await say([get(path()).replace("GET", "HEAD")], { methods: ["HEAD"] });
    const full = await say([get(path())]);
    const [asked, got] = [head.answers[0], full.answers[0]];
    expect(asked?.status).toBe(got?.status ?? 0);
    expect(asked?.headers.get("content-type")).toBe(got?.headers.get("content-type") ?? "");
    // Of a file the store knows the length before it is sent.
    const length = asked?.headers.get("content-length") ?? String(got?.body.length);
    expect(length).toBe(String(got?.body.length));
    // Nothing but the head came: the connection serves on.
    const connection = await connectRaw(world.url);
    await connection.send(get(path()).replace("GET", "HEAD"));
    await connection.until(/\r\n\r\n/);
    await connection.send(health);
    expect(await connection.until(/\}$/)).toMatch(/\r\n\r\nHTTP\/1\.1 200 .*\{"status":"ok"\}$/s);
    connection.close();
  });
});

describe("what is no plain request", () => {
  test.each<[string, string, number]>([
    [
      "an upgrade to HTTP/2",
      headOf("GET /healthz", {
        Connection: "Upgrade, HTTP2-Settings",
        Upgrade: "h2c",
        "HTTP2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA",
      }),
      200,
    ],
    [
      "an upgrade to a web socket",
      headOf("GET /healthz", {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
      }),
      200,
    ],
    ["a target in absolute form", headOf("GET http://elsewhere.example:99/healthz"), 200],
    ["a method of another kind", headOf("TRACE /healthz"), 405],
    ["options of a path", headOf("OPTIONS /local"), 405],
  ])("%s is answered as any other", async (_, request, status) => {
    expect(statuses(await say([request]))).toEqual([status]);
    world.figures.faults += 1;
  });

  test.each<[string, string | Uint8Array]>([
    ["options of everything", headOf("OPTIONS *")],
    ["a tunnel", headOf("CONNECT elsewhere.example:443")],
    ["HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["HTTP/3.0", headOf("GET /healthz", {}, "3.0")],
    ["HTTP/0.9", "GET /healthz\r\n\r\n"],
    ["TLS", new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])],
    ["noise", new Uint8Array(5000).fill(0xff)],
    ["words", "hello there\r\n\r\n"],
    ["no host", "GET /healthz HTTP/1.1\r\n\r\n"],
    ["a null byte in a header", headOf("GET /healthz", { "X-Odd": "a\0b" })],
    ["a bare carriage return in a header", headOf("GET /healthz", { "X-Odd": "a\rX: b" })],
    ["a path of 100 KB", headOf(`GET /${"a".repeat(100_000)}`)],
    ["a header of 100 KB", headOf("GET /healthz", { "X-Long": "a".repeat(100_000) })],
    [
      "1,000 headers",
      headOf("GET /healthz", Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`X-${i}`, "a"]))),
    ],
  ])("%s is refused, and the service goes on", async (_, request) => {
    const { answers, isClosed } = await say([request], { limitMs: 5_000 });
    expect(answers.map(({ status }) => status).filter((status) => status < 400)).toEqual([]);
    expect(isClosed || answers.length === 1).toBe(true);
    expect(statuses(await say([health]))).toEqual([200]);
    world.figures.faults += 1;
  });

  test("a target in absolute form does not change who the service says it is", async () => {
    const body = formOf("x");
    const request = put(body).replace("PUT /local", "PUT http://elsewhere.example:99/local");
    const { answers } = await say([request + body], { methods: ["PUT"] });
    const { url } = JSON.parse(answers[0]?.body ?? "{}") as { url: string };
    expect(url).toStartWith("http://node.example/local/");
  });
});

test("the service takes as many descriptors as the system allows, not as few as it was started with", async () => {
  await world.service.stop("SIGTERM");
  const limited = await startWithFewDescriptors({ ...world.env, SERVER__PORT: "0" }, 100);
  const connections = await Promise.all(Array.from({ length: 300 }, () => connectRaw(limited.url)));
  for (const connection of connections) await connection.send(health);
  const answers = await Promise.all(connections.map((connection) => connection.until(/\}$/)));
  expect(answers.filter((answer) => !answer.startsWith("HTTP/1.1 200 "))).toEqual([]);
  for (const connection of connections) connection.close();
  expect(await limited.stop("SIGTERM")).toBe(0);
  world.figures.requests += 300;
}, 60_000);
