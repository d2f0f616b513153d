import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { findSameName } from "../../src/hub/files.ts";
import type { HubFile } from "../../src/hub/hub.ts";
import { bodyOf, pulledBody, sha256OfPattern } from "./bodies.ts";
import { catchAppError } from "./catch-error.ts";
import { GENERATIONS, nodeSignIn, SEED, type ServedHub, serveHub, UNKNOWN_ID } from "./serve-hub.ts";

const { analysis1, analysis2, nodeB } = SEED;
const OCTETS = "application/octet-stream";
const MIB = 1024 * 1024;

describe.each([...GENERATIONS])("files on a Hub of generation %s", (generation) => {
  let served: ServedHub;
  let bucketId: string;
  beforeEach(() => {
    served = serveHub({ generation });
    bucketId = served.sandbox.bucketOf(analysis1.id, "TEMP").bucketId ?? "";
  });
  afterEach(() => served.stop());

  async function put(path: string, text: string): Promise<HubFile> {
    const [file] = await served.connect().upload(bucketId, { path, contentType: OCTETS, body: bodyOf(text) });
    if (file === undefined) throw new Error("nothing was stored");
    return file;
  }

  test("come back as they were sent", async () => {
    const file = await put("one/hello.txt", "hello result");
    expect(file).toMatchObject({ bucketId, name: "hello.txt", path: "one/hello.txt", sizeBytes: 12 });
    const hub = served.connect();
    expect(await hub.findFile(file.id)).toEqual(file);
    expect(await new Response(await hub.download(file.id)).text()).toBe("hello result");
    expect(await Array.fromAsync(hub.listFiles(bucketId))).toEqual([file]);
  });

  test("are asked for as they are, not compressed", async () => {
    const file = await put("a", "x");
    await new Response(await served.connect().download(file.id)).bytes();
    expect(served.sandbox.requests.at(-1)?.headers.get("accept-encoding")).toBe("identity");
  });

  test("of 20 MiB arrive whole in both directions", async () => {
    const { body } = pulledBody(20 * MIB);
    const hub = served.connect();
    const [file] = await hub.upload(bucketId, { path: "big", contentType: OCTETS, body });
    expect(file?.sizeBytes).toBe(20 * MIB);
    const hasher = new Bun.CryptoHasher("sha256");
    for await (const chunk of (await hub.download(file?.id ?? "")) ?? []) hasher.update(chunk);
    expect(hasher.digest("hex")).toBe(sha256OfPattern(20 * MIB));
  });

  test("are listed page by page, without those of another bucket", async () => {
    const otherId = served.sandbox.bucketOf(analysis2.id, "TEMP").bucketId ?? "";
    const hub = served.connect();
    for (let number = 0; number < 53; number++) await put(`${number}/f`, "x");
    await hub.upload(otherId, { path: "other", contentType: OCTETS, body: bodyOf("x") });
    const listed = await Array.fromAsync(hub.listFiles(bucketId));
    expect(new Set(listed.map(({ path }) => path)).size).toBe(53);
    expect(listed.every((file) => file.bucketId === bucketId)).toBeTrue();
  });

  test("of a name are found with one request among many, and with more where the name cannot be asked for", async () => {
    const hub = served.connect();
    for (let number = 0; number < 53; number++) await put(`${number}.csv`, "x");
    await put("naïve.csv", "x");
    const asked = () => served.sandbox.requests.filter(({ method }) => method === "GET").length;
    const find = async (...names: string[]) => {
      const before = asked();
      const found = await findSameName(hub, bucketId, names);
      return { paths: found.map(({ path }) => path).sort(), requests: asked() - before };
    };
    expect(await find("7.csv", "8.csv", "none.csv")).toEqual({ paths: ["7.csv", "8.csv"], requests: 1 });
    expect(await find("none.csv")).toEqual({ paths: [], requests: 1 });
    expect(await find("naïve.csv")).toEqual({ paths: ["naïve.csv"], requests: 2 });
    expect(await find("!7.csv")).toEqual({ paths: [], requests: 2 });
    // A Hub that stumbles over the filter lists the whole bucket.
    served.sandbox.fail({ path: /bucket-files$/ }, { kind: "status", status: 500 }, 1);
    expect(await find("7.csv")).toEqual({ paths: ["7.csv"], requests: 2 });
  });

  test("that do not exist are not found", async () => {
    const hub = served.connect();
    expect(await hub.findFile(UNKNOWN_ID)).toBeUndefined();
    expect(await hub.download(UNKNOWN_ID)).toBeUndefined();
    expect(await hub.removeFile(UNKNOWN_ID)).toBeTrue();
    expect(await Array.fromAsync(hub.listFiles(UNKNOWN_ID))).toEqual([]);
  });

  test("with an id that is no UUID are not found without a request", async () => {
    const hub = served.connect();
    expect(await hub.findFile("../x")).toBeUndefined();
    expect(await hub.download("")).toBeUndefined();
    expect(await hub.removeFile("*")).toBeTrue();
    expect(await Array.fromAsync(hub.listFiles("!"))).toEqual([]);
    expect(served.sandbox.requests).toHaveLength(0);
  });

  test("are removed by their sender, not by another node, which is no error", async () => {
    const file = await put("mine", "x");
    expect(await served.connect({ signIn: nodeSignIn(generation, nodeB) }).removeFile(file.id)).toBeFalse();
    expect(served.logged.map(({ event }) => event)).toContain("hub.file.not-removed");
    expect(await served.connect().removeFile(file.id)).toBeTrue();
    expect(served.sandbox.filesOf(bucketId)).toHaveLength(0);
    expect(await served.connect().removeFile(file.id)).toBeTrue();
  });

  test("that the Hub fails to remove are an error", async () => {
    const file = await put("mine", "x");
    served.sandbox.fail({ method: "DELETE", path: /./ }, { kind: "status", status: 500 });
    expect((await catchAppError(served.connect().removeFile(file.id))).upstream?.status).toBe(500);
  });

  test("are tied to their analysis where the Hub wants that", async () => {
    const file = await put("linked", "x");
    const hub = served.connect();
    const bucket = await hub.findBucket(analysis1.id, "TEMP");
    if (bucket === undefined) throw new Error("no bucket");
    if (bucket.needsLink) await hub.link(bucket, file);
    expect([...served.sandbox.state.links.values()].length).toBe(1);
  });

  test("are not tied by a page that something else answers with", async () => {
    const bucket = { bucketId, analysisBucketId: crypto.randomUUID(), needsLink: true };
    const file = await put("linked", "x");
    served.sandbox.fail({ path: /analysis-bucket-files$/ }, { kind: "garbage" });
    expect((await catchAppError(served.connect().link(bucket, file))).code).toBe("hub_unexpected");
  });

  test("break off as an error, never as a short file", async () => {
    const { body } = pulledBody(2 * MIB);
    const hub = served.connect();
    const [file] = await hub.upload(bucketId, { path: "cut", contentType: OCTETS, body });
    served.sandbox.fail({ path: /stream$/ }, { kind: "truncate", afterBytes: 300_000 });
    const error = await catchAppError(new Response(await hub.download(file?.id ?? "")).bytes());
    expect(error.code).toBe("hub_unreachable");
  });

  test("can still be had after a dropped connection or a rejected token", async () => {
    const file = await put("again", "hello");
    const hub = served.connect();
    await hub.findFile(file.id);
    served.sandbox.fail({ path: /stream$/ }, { kind: "drop" }, 1);
    expect(await new Response(await hub.download(file.id)).text()).toBe("hello");
    served.sandbox.revokeTokens();
    expect(await new Response(await hub.download(file.id)).text()).toBe("hello");
  });

  test("that never begin to come end with the idle time", async () => {
    const file = await put("hang", "hello");
    const hub = served.connect({ limits: { idleMs: 50 } });
    served.sandbox.fail({ path: /stream$/ }, { kind: "hang" });
    expect((await catchAppError(hub.download(file.id))).code).toBe("hub_timeout");
  });
});
