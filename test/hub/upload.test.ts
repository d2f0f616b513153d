import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { bodyOf, pulledBody, sha256OfPattern } from "./bodies.ts";
import { catchAppError } from "./catch-error.ts";
import { GENERATIONS, SEED, type ServedHub, serveHub, UNKNOWN_ID } from "./serve-hub.ts";

const UPLOAD = { path: /upload$/ };
const OCTETS = "application/octet-stream";
const KIB = 1024;
const MIB = 1024 * KIB;

describe.each([...GENERATIONS])("an upload to a Hub of generation %s", (generation) => {
  let served: ServedHub;
  let bucketId: string;
  beforeEach(() => {
    served = serveHub({ generation });
    bucketId = served.sandbox.bucketOf(SEED.analysis1.id, "TEMP").bucketId ?? "";
  });
  afterEach(async () => {
    // The promise above all others: no upload is ever broken off.
    expect(served.sandbox.state.brokenUploads).toBe(0);
    await served.stop();
  });

  const stored = () => served.sandbox.filesOf(bucketId);

  test.each([0, 1, 700 * KIB, MIB, 3 * MIB])(
    "of %d bytes arrives whole, its size announced or not",
    async (sizeBytes) => {
      const hub = served.connect();
      const known = { path: "known", contentType: OCTETS, body: pulledBody(sizeBytes).body, sizeBytes };
      const unknown = { path: "unknown", contentType: OCTETS, body: pulledBody(sizeBytes).body };
      for (const upload of [known, unknown]) {
        const [file] = await hub.upload(bucketId, upload);
        expect(file?.sizeBytes).toBe(sizeBytes);
        expect(await served.sandbox.sha256Of(file?.id ?? "")).toBe(sha256OfPattern(sizeBytes));
      }
    },
  );

  test("costs one request, and its short body has a length", async () => {
    const hub = served.connect();
    await hub.upload(bucketId, { path: "a", contentType: OCTETS, body: bodyOf("x"), sizeBytes: 1 });
    expect(served.count(/storage/)).toBe(1);
    expect(Number(served.sandbox.requests.at(-1)?.headers.get("content-length"))).toBeGreaterThan(1);
  });

  test.each([
    "plain.txt",
    "dir/with space.txt",
    'quote".txt',
    "back\\slash.txt",
    "percent%41.txt",
    "line\r\nContent-Type: evil/evil\r\n\r\nbreak.txt",
    "résultat 結果 🎉.csv",
    "semi;colon=1.txt",
    "it's (1)*!.txt",
  ])("keeps the name %j", async (path) => {
    const [file] = await served.connect().upload(bucketId, { path, contentType: OCTETS, body: bodyOf("hello") });
    expect(file?.path).toBe(path);
    expect(await served.sandbox.readFile(file?.id ?? "")).toEqual(new TextEncoder().encode("hello"));
  });

  test("of a name that exists is an error with the Hub's status", async () => {
    const upload = () => served.connect().upload(bucketId, { path: "same", contentType: OCTETS, body: bodyOf("x") });
    await upload();
    const error = await catchAppError(upload());
    expect(error.code).toBe("hub_unexpected");
    expect([409, 500]).toContain(error.upstream?.status ?? 0);
  });

  test.each([
    ["short, its length announced", 40_000, 15_000, 40_000],
    ["short, its length unknown", 40_000, 15_000, undefined],
    ["long, its length announced", 4 * MIB, 2 * MIB, 4 * MIB],
    ["long, its length unknown", 4 * MIB, 2 * MIB, undefined],
  ] as const)("whose source breaks is ended properly and leaves no file: %s", async (_, size, failAt, sizeBytes) => {
    const broken = new AppError("client_gone", "The client went away");
    const { body } = pulledBody(size, { failAt, error: broken });
    const upload = { path: "broken", contentType: OCTETS, body, ...(sizeBytes === undefined ? {} : { sizeBytes }) };
    expect(await catchAppError(served.connect().upload(bucketId, upload))).toBe(broken);
    expect(served.count(/upload$/)).toBe(1);
    expect(served.count(/bucket-files/, "DELETE")).toBe(1);
    expect(stored()).toEqual([]);
  });

  test("whose source is broken from the start costs no request", async () => {
    const { body } = pulledBody(10, { failAt: 0 });
    const upload = served.connect().upload(bucketId, { path: "broken", contentType: OCTETS, body });
    expect(await upload.catch(String)).toBe("Error: the source is broken");
    expect(served.sandbox.requests).toHaveLength(0);
  });

  test("whose source gives more or less than announced leaves no file", async () => {
    for (const announced of [5, 50, 2 * MIB]) {
      const size = announced === 50 ? 40 : announced + 1;
      const upload = { path: `${announced}`, contentType: OCTETS, body: pulledBody(size).body, sizeBytes: announced };
      const failure = await served.connect().upload(bucketId, upload).catch(String);
      expect(failure).toContain(`than the announced ${announced} bytes`);
    }
    expect(stored()).toEqual([]);
  });

  test("whose source falls silent is ended properly and leaves no file", async () => {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new Uint8Array(10)) });
    const hub = served.connect({ sourceIdleMs: 1_500, limits: { idleMs: 1_000 } });
    const error = await catchAppError(hub.upload(bucketId, { path: "silent", contentType: OCTETS, body }));
    expect(error.code).toBe("hub_timeout");
    expect(stored()).toEqual([]);
  });

  test("that the Hub refuses early takes no more of its source and lets go of it", async () => {
    const { body, seen } = pulledBody(200 * MIB);
    const upload = served.connect().upload(UNKNOWN_ID, { path: "x", contentType: OCTETS, body });
    expect((await catchAppError(upload)).upstream?.status).toBe(404);
    expect(seen.cancelled).toBeTrue();
    expect(seen.pulledBytes).toBeLessThan(50 * MIB);
  });

  test("to a bucket whose id is no UUID is refused without a request", async () => {
    const { body, seen } = pulledBody(MIB);
    const upload = served.connect().upload("../x", { path: "x", contentType: OCTETS, body });
    expect((await catchAppError(upload)).upstream?.status).toBe(404);
    expect([seen.cancelled, served.sandbox.requests.length]).toEqual([true, 0]);
  });

  test("survives a token that is rejected at its start", async () => {
    const hub = served.connect();
    await hub.findNode(SEED.nodeA.id);
    served.sandbox.revokeTokens();
    const [file] = await hub.upload(bucketId, { path: "x", contentType: OCTETS, body: bodyOf("hello"), sizeBytes: 5 });
    expect(file?.sizeBytes).toBe(5);
    expect([served.count(/upload/), served.count(/token/)]).toEqual([2, 2]);
  });

  test("whose token is always rejected is an error", async () => {
    served.sandbox.fail(UPLOAD, { kind: "status", status: 401 });
    const upload = served
      .connect()
      .upload(bucketId, { path: "x", contentType: OCTETS, body: pulledBody(9 * MIB).body });
    expect((await catchAppError(upload)).upstream?.status).toBe(401);
    expect(served.count(/upload/)).toBeLessThanOrEqual(2);
  });

  test("is repeated after 429 but never after a failure that may have stored it", async () => {
    const upload = (path: string) =>
      served.connect().upload(bucketId, { path, contentType: OCTETS, body: bodyOf("x"), sizeBytes: 1 });
    served.sandbox.fail(UPLOAD, { kind: "status", status: 429 }, 1);
    expect(await upload("busy")).toHaveLength(1);
    for (const status of [500, 502, 503]) {
      served.sandbox.fail(UPLOAD, { kind: "status", status }, 1);
      expect((await catchAppError(upload(`${status}`))).upstream?.status).toBe(status);
    }
    served.sandbox.fail(UPLOAD, { kind: "drop" }, 1);
    expect((await catchAppError(upload("dropped"))).code).toBe("hub_unreachable");
  });

  test("reports every file the Hub names, and an answer it cannot read as an error", async () => {
    const upload = (path: string) =>
      served.connect().upload(bucketId, { path, contentType: OCTETS, body: bodyOf("x") });
    served.sandbox.fail(UPLOAD, { kind: "empty" }, 1);
    expect(await upload("none")).toEqual([]);
    served.sandbox.fail(UPLOAD, { kind: "twice" }, 1);
    expect((await upload("two")).map(({ name }) => name)).toEqual(["two", "two"]);
    served.sandbox.fail(UPLOAD, { kind: "garbage" }, 1);
    expect((await catchAppError(upload("garbage"))).upstream?.status).toBe(200);
  });

  test("that nobody answers ends with the idle time", async () => {
    served.sandbox.fail(UPLOAD, { kind: "hang" });
    const hub = served.connect({ limits: { idleMs: 60 } });
    const upload = hub.upload(bucketId, { path: "x", contentType: OCTETS, body: bodyOf("x") });
    expect((await catchAppError(upload)).code).toBe("hub_timeout");
  });

  test("may take longer than the idle time while its source is slow", async () => {
    const { body } = pulledBody(200_000, { pauseMs: 350 });
    const hub = served.connect({ limits: { idleMs: 250, callMs: 250 } });
    expect(await hub.upload(bucketId, { path: "slow", contentType: OCTETS, body })).toHaveLength(1);
  });
});
