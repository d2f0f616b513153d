import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { testPostgresUrl } from "../support/postgres-database.ts";
import { connectRaw } from "../support/raw-http.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { testS3 } from "../support/s3.ts";
import { formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";

const mebibyte = 1024 * 1024;

describe.skipIf(!isAvailable("servers"))("when the object store or the database fails", () => {
  let store: Relay;
  let database: Relay;
  let service: TestService;

  beforeEach(async () => {
    store = await startRelay(addressOf(testS3?.endpoint));
    database = await startRelay(addressOf(testPostgresUrl));
    const env = { MINIO__ENDPOINT: `127.0.0.1:${store.port}`, POSTGRES__PORT: String(database.port) };
    service = await startTestService({ backend: "servers", env });
    expect((await put("warm")).status).toBe(200);
  });
  afterEach(async () => {
    await Promise.all([store.resume(), database.resume()]);
    await service.stop();
    await Promise.all([store.stop(), database.stop()]);
  });

  const put = (content: string | Uint8Array<ArrayBuffer>, tag = "t") =>
    service.fetch("1", "/local", { method: "PUT", body: formOf(["file", new File([content], "x.bin")], ["tag", tag]) });
  const listed = async (tag: string) =>
    ((await (await service.fetch("1", `/local/tags/${tag}`)).json()) as { results: { url: string }[] }).results;

  test("a store that is away is a 502, and the service needs no restart", async () => {
    await store.refuse();
    store.cut();
    const response = await put("lost");
    expect([response.status, await response.json()]).toEqual([502, { detail: "Unexpected error from object store" }]);
    expect(failureOf(service)).toMatchObject({
      level: "warn",
      fields: { code: "object_store", reason: expect.stringContaining("nothing listens at the endpoint") },
    });
    await store.resume();
    expect((await put("found", "again")).status).toBe(200);
    expect(await listed("t")).toHaveLength(1);
  });

  test("a store that dies in mid-upload leaves neither object nor row", async () => {
    const before = await countObjects(service);
    const answer = put(new Uint8Array(64 * mebibyte), "dies");
    await eventually(() => expect(store.bytes.up).toBeGreaterThan(20 * mebibyte));
    await store.refuse();
    store.cut();
    expect((await answer).status).toBe(502);
    await store.resume();
    expect(await listed("dies")).toEqual([]);
    await eventually(async () => expect(await countObjects(service)).toBe(before), 15_000);
  }, 30_000);

  test("a database that is away after the object was stored is a 503, and the object is taken back", async () => {
    const before = await countObjects(service);
    await database.refuse();
    database.cut();
    const response = await put("no row", "down");
    expect([response.status, await response.json()]).toEqual([503, { detail: "The database is not available" }]);
    expect(failureOf(service)).toMatchObject({
      level: "warn",
      fields: { code: "database", reason: expect.stringContaining(`PostgreSQL at 127.0.0.1:${database.port}`) },
    });
    await database.resume();
    await eventually(async () => expect(await countObjects(service)).toBe(before), 15_000);
    expect(await listed("down")).toEqual([]);
  });

  test("an untagged file needs no database", async () => {
    await database.refuse();
    database.cut();
    const body = formOf(["file", new File(["x"], "x.bin")]);
    expect((await service.fetch("1", "/local", { method: "PUT", body })).status).toBe(200);
  });

  test("a database that comes back is used again without a restart", async () => {
    await database.refuse();
    database.cut();
    expect((await service.fetch("1", "/local/tags")).status).toBe(503);
    await database.resume();
    await eventually(async () => expect((await service.fetch("1", "/local/tags")).status).toBe(200));
  });

  test("a store that goes away in a download shows as a broken one, never as a short success", async () => {
    const received = await downloadWhile(async () => {
      await store.refuse();
      store.cut();
    });
    expect(received).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(received.length).toBeLessThan(32 * mebibyte);
  });

  test("a store that only hangs up in a download is not noticed", async () => {
    const received = await downloadWhile(async () => store.cut());
    expect(received).toMatch(/\r\n0\r\n\r\n$/);
    expect(received.length - received.replaceAll("ÿ", "").length).toBe(32 * mebibyte);
  });

  test("a file that is announced as larger than the store takes is a 413 at its first bytes", async () => {
    const client = await connectRaw(service.url);
    const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nfirst bytes';
    await client.send(
      `PUT /local HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\n` +
        `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 50000000000000\r\n\r\n${part}`,
    );
    expect(await client.until(/\r\n\r\n.*\}/s)).toMatch(
      /^HTTP\/1\.1 413 .*The file is larger than the \d+ bytes allowed here/s,
    );
    client.close();
  });

  /** Starts to download a large file, lets something happen, and reads on. */
  async function downloadWhile(breakOff: () => Promise<void>): Promise<string> {
    const stored = await put(new Uint8Array(32 * mebibyte).fill(0xff), "large");
    const { object_id } = (await stored.json()) as { object_id: string };
    const client = await connectRaw(service.url);
    const token = await service.token("1");
    await client.send(`GET /local/${object_id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await client.until(/\r\n\r\n/);
    client.socket.pause();
    await breakOff();
    client.socket.resume();
    return await client.until(/\r\n0\r\n\r\n$/);
  }
});

describe("when the Hub fails", () => {
  let service: TestService;
  beforeEach(async () => {
    service = await startTestService();
  });
  afterEach(() => service.stop());

  test.each([
    [{ kind: "status", status: 500 }, 502, "Hub returned an unexpected response (500)"],
    [{ kind: "status", status: 418 }, 502, "Hub returned an unexpected response (418)"],
    [{ kind: "garbage" }, 502, "Hub returned an unexpected response (200)"],
  ] as const)(
    "an analysis that cannot be looked up for %j is a %i, and nothing is stored",
    async (fault, status, detail) => {
      service.hub.fail({ path: /^\/core\/analyses\// }, fault);
      const body = formOf(["file", new File(["x"], "x.bin")]);
      const response = await service.fetch("1", "/local", { method: "PUT", body });
      expect([response.status, await response.json()]).toEqual([status, { detail }]);
      expect(await countObjects(service)).toBe(0);
    },
  );

  test("a Hub that is away is a 502 with a plain sentence", async () => {
    const away = await startTestService({ env: { HUB__CORE_BASE_URL: "http://127.0.0.1:1" } });
    const response = await away.fetch("1", "/local/tags");
    expect([response.status, await response.json()]).toEqual([502, { detail: "The Hub cannot be reached" }]);
    expect(failureOf(away)).toMatchObject({
      level: "warn",
      fields: { code: "hub_unreachable", reason: expect.stringContaining("http://127.0.0.1:1 refuses the connection") },
    });
    await away.stop();
  });

  test("what is known of an analysis is remembered while the Hub is away", async () => {
    expect((await service.fetch("1", "/local/tags")).status).toBe(200);
    service.hub.fail({ path: /.*/ }, { kind: "status", status: 503 });
    expect((await service.fetch("1", "/local/tags")).status).toBe(200);
  });
});

/** What the log says of the request that failed last; it never shows an error by its class alone. */
function failureOf({ logLines }: TestService) {
  const line = logLines.findLast(({ event }) => event === "http.failed");
  expect(JSON.stringify(line)).not.toContain("AppError");
  return line;
}

function addressOf(url: string | undefined): { host: string; port: number } {
  const { hostname, port } = new URL(url ?? "");
  return { host: hostname, port: Number(port) };
}
