import { afterEach, describe, expect, test } from "bun:test";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { failureOf, patternBytes, streamOf } from "./streams.ts";

const settings = { region: "us-east-1", bucket: "bucket", accessKey: "key", secretKey: "secret", idleMs: 20_000 };
const publicFailure = { code: "object_store", message: "Unexpected error from object store" };
const small = 100;
const large = 12 * 1024 * 1024;

const servers: { stop(force: boolean): unknown }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(true);
});

type Step = "put" | "create" | "part" | "complete";

const good: Readonly<Record<Step, () => Response>> = {
  put: () => new Response("", { headers: { etag: '"e"' } }),
  create: () => new Response("<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"),
  part: () => new Response("", { headers: { etag: '"p"' } }),
  complete: () =>
    new Response("<CompleteMultipartUploadResult><ETag>&quot;e&quot;</ETag></CompleteMultipartUploadResult>"),
};

/** A store that answers one step in an odd way, and has or has not kept the object. */
function storeWith(step: Step, odd: () => Response, keptBytes: number | undefined) {
  const requests: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    async fetch(request) {
      const { searchParams: query } = new URL(request.url);
      await request.bytes();
      const asked = stepOf(request.method, query);
      requests.push(asked ?? request.method);
      if (asked !== undefined) return (asked === step ? odd : good[asked])();
      if (request.method === "DELETE") return new Response(null, { status: 204 });
      if (query.has("uploads")) return new Response("<R><IsTruncated>false</IsTruncated></R>");
      if (keptBytes === undefined) return new Response(null, { status: 404 });
      return new Response(new Uint8Array(keptBytes), { headers: { etag: '"e"' } });
    },
  });
  servers.push(server);
  return { store: createS3ObjectStore({ ...settings, endpoint: server.url.origin }), requests };
}

function stepOf(method: string, query: URLSearchParams): Step | undefined {
  if (method === "PUT") return query.has("partNumber") ? "part" : "put";
  if (method === "POST") return query.has("uploads") ? "create" : "complete";
  return undefined;
}

function put(store: ReturnType<typeof createS3ObjectStore>, sizeBytes: number) {
  const options = { contentType: "text/plain", filename: "x", maxBytes: sizeBytes };
  return store.put("a/b", streamOf(patternBytes(sizeBytes)).stream, options);
}

const noSuccess: readonly (readonly [string, () => Response])[] = [
  ["an empty body", () => new Response("")],
  ["HTML", () => new Response("<html><body>Sign in</body></html>", { headers: { "content-type": "text/html" } })],
  ["cut XML", () => new Response("<CompleteMultipartUploadResult><ETag>&quot;e")],
  ["no ETag", () => new Response("<CompleteMultipartUploadResult><Key>a/b</Key></CompleteMultipartUploadResult>")],
];

describe.each([...noSuccess])("an answer of 200 with %s", (_, odd) => {
  test.each([
    ["put", small],
    ["complete", large],
  ] as const)("to %s is no success when the object is not there, or is of another size", async (step, sizeBytes) => {
    for (const kept of [undefined, sizeBytes - 1]) {
      const { store, requests } = storeWith(step, odd, kept);
      expect(await failureOf(put(store, sizeBytes))).toMatchObject(publicFailure);
      expect(requests).toContain("HEAD");
    }
  });

  test.each([
    ["put", small],
    ["complete", large],
  ] as const)("to %s is one when the object is seen to be there", async (step, sizeBytes) => {
    expect(await put(storeWith(step, odd, sizeBytes).store, sizeBytes)).toBe(sizeBytes);
  });

  test.each(["create", "part"] as const)("to %s fails the upload, which is aborted", async (step) => {
    const { store, requests } = storeWith(step, odd, large);
    expect(await failureOf(put(store, large))).toMatchObject(publicFailure);
    expect(requests).not.toContain("complete");
    if (step === "part") expect(requests).toContain("DELETE");
  });
});

test("an error told behind a status of 200 is a failure, and its reason known", async () => {
  const error = () => new Response("<Error><Code>QuotaExceeded</Code></Error>");
  expect(await failureOf(put(storeWith("complete", error, undefined).store, large))).toMatchObject({
    code: "storage_full",
  });
});

test("a completed upload whose answer was lost is acknowledged when the object is there, and only then", async () => {
  const gone = () => new Response("<Error><Code>NoSuchUpload</Code></Error>", { status: 404 });
  expect(await put(storeWith("complete", gone, large).store, large)).toBe(large);
  expect(await failureOf(put(storeWith("complete", gone, undefined).store, large))).toMatchObject(publicFailure);
});

/** A store of two objects whose one answer is spoilt. */
function storeThatSpoils(method: string, spoil: (good: string) => Response) {
  const objects = "<Contents><Key>a/1</Key></Contents><Contents><Key>a/2</Key></Contents>";
  const texts: Readonly<Record<string, string>> = {
    GET: `<?xml version="1.0"?>\n<ListBucketResult xmlns="x"><IsTruncated>false</IsTruncated>${objects}</ListBucketResult>\n`,
    POST: "<DeleteResult><Error><Key>a/1</Key><Code>AccessDenied</Code></Error></DeleteResult>",
    DELETE: "",
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    async fetch(request) {
      await request.bytes();
      const text = texts[request.method] ?? "";
      return request.method === method ? spoil(text) : new Response(text);
    },
  });
  servers.push(server);
  return createS3ObjectStore({ ...settings, endpoint: server.url.origin });
}

const page = () => new Response("<html><body>Sign in</body></html>");

describe("an answer of 200 to a removal or a listing", () => {
  test("that is cut off anywhere removes nothing, lists nothing", async () => {
    for (const part of [0.3, 0.5, 0.7, 0.9, 0.99]) {
      const cut = (good: string) => new Response(good.slice(0, Math.floor(good.length * part)));
      expect(await failureOf(Array.fromAsync(storeThatSpoils("GET", cut).list("a/")))).toMatchObject(publicFailure);
      expect(await failureOf(storeThatSpoils("GET", cut).removeAll("a/"))).toMatchObject(publicFailure);
      expect(await failureOf(storeThatSpoils("POST", cut).removeAll("a/"))).toMatchObject(publicFailure);
    }
  });

  test("that is whole counts, also where it is empty", async () => {
    const empty = () => new Response("<DeleteResult/>");
    expect(await storeThatSpoils("POST", empty).removeAll("a/")).toBe(2);
    await storeThatSpoils("DELETE", () => new Response("")).remove("a/1");
    expect(await Array.fromAsync(storeThatSpoils("", page).list("a/"))).toEqual(["a/1", "a/2"]);
  });

  test("that is a page of something in between removes nothing", async () => {
    expect(await failureOf(storeThatSpoils("DELETE", page).remove("a/1"))).toMatchObject(publicFailure);
    expect(await failureOf(storeThatSpoils("POST", page).removeAll("a/"))).toMatchObject(publicFailure);
  });
});

test("a 404 that is not the store's does not mean that there is no such object", async () => {
  const notFound = (text: string) => () => new Response(text, { status: 404 });
  for (const text of ["", "<html>no such page</html>", '{"detail":"Not Found"}']) {
    const store = storeThatSpoils("GET", notFound(text));
    expect(await failureOf(store.open("a/1"))).toMatchObject(publicFailure);
    expect(await failureOf(storeThatSpoils("DELETE", notFound(text)).remove("a/1"))).toMatchObject(publicFailure);
  }
  const gone = notFound("<Error><Code>NoSuchKey</Code></Error>");
  expect(await storeThatSpoils("GET", gone).open("a/1")).toBeUndefined();
  await storeThatSpoils("DELETE", gone).remove("a/1");
});

test("answers that prove themselves cost no request more", async () => {
  const whole = storeWith("put", good.put, undefined);
  await put(whole.store, small);
  expect(whole.requests).toEqual(["put"]);
  const parts = storeWith("put", good.put, undefined);
  await put(parts.store, large);
  expect(parts.requests).toEqual(["create", "part", "part", "part", "complete"]);
});

test("a silent store is given up after one idle time, however many attempts it had before", async () => {
  const asked: number[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch() {
      asked.push(performance.now());
      if (asked.length > 1) return new Promise<Response>(() => {});
      await Bun.sleep(4_000);
      return new Response("<Error><Code>SlowDown</Code></Error>", { status: 503 });
    },
  });
  servers.push(server);
  const store = createS3ObjectStore({ ...settings, endpoint: server.url.origin, idleMs: 5_000 });
  expect(await failureOf(Array.fromAsync(store.list("a/")))).toMatchObject(publicFailure);
  expect(asked).toHaveLength(2);
  // The first attempt has left 1 s of the time; on its own the second one would have all 5 s.
  expect(performance.now() - (asked[1] ?? 0)).toBeLessThan(4_000);
}, 60_000);
