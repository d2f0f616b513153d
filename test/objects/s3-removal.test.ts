import { afterEach, describe, expect, test } from "bun:test";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { minioInstalled, startMinio } from "../support/minio-server.ts";
import { createTestBucket } from "../support/s3.ts";
import {
  cleanUp,
  detailOf,
  later,
  listing,
  never,
  options,
  publicFailure,
  refusal,
  storeThatAnswers,
} from "./answering-store.ts";
import { failureOf, patternBytes, streamOf } from "./streams.ts";

afterEach(cleanUp);

function pageOf(keys: readonly string[]): Response {
  const contents = keys.map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`);
  return listing(`<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${contents.join("")}`);
}

describe("bulk removal", () => {
  const keys = ["a/1", "a/&<2>", "a/\u0001"];
  const page = () => pageOf(keys);

  test("reports a key that could not be removed", async () => {
    const { store } = storeThatAnswers((request) => {
      if (request.method === "GET") return page();
      if (request.method === "DELETE") return new Response(null, { status: 204 });
      return new Response("<DeleteResult><Error><Key>a/1</Key><Code>AccessDenied</Code></Error></DeleteResult>");
    });
    expect(await failureOf(store.removeAll("a/"))).toMatchObject(publicFailure);
  });

  test("is done one by one where the store has none, and for keys that XML cannot hold", async () => {
    for (const hasBulk of [true, false]) {
      const { store, requests } = storeThatAnswers((request) => {
        if (request.method === "GET") return page();
        if (request.method === "DELETE") return new Response(null, { status: 204 });
        return hasBulk ? new Response("<DeleteResult></DeleteResult>") : refusal(501, "NotImplemented");
      }, 12_000);
      expect(await store.removeAll("a/")).toBe(3);
      expect(requests.filter((line) => line.startsWith("DELETE"))).toHaveLength(hasBulk ? 1 : 3);
    }
  });

  test("that is waited with for one object takes the others, and tells how many are left", async () => {
    const names = Array.from({ length: 120 }, (_, at) => `a/${at}`);
    const { store } = storeThatAnswers(async (request) => {
      if (request.method === "GET") return pageOf(names);
      return (await request.text()).includes("<Key>a/60</Key>")
        ? never()
        : new Response("<DeleteResult></DeleteResult>");
    }, 12_000);
    const failure = await failureOf(store.removeAll("a/"));
    expect(failure).toMatchObject(publicFailure);
    expect(detailOf(failure)).toContain("70 objects are removed, 50 wait, such as a/50");
  }, 20_000);

  test("to a store that does not answer ends", async () => {
    const names = Array.from({ length: 1_000 }, (_, at) => `a/${at}`);
    const { store, requests } = storeThatAnswers((request) => (request.method === "GET" ? pageOf(names) : never()));
    expect(await failureOf(store.removeAll("a/"))).toMatchObject(publicFailure);
    expect(requests.length).toBeLessThan(100);
  });
});

describe.skipIf(!minioInstalled())("on MinIO, an object that is being read", () => {
  test("does not keep the others from being removed, and goes when its reader has gone", async () => {
    const { endpoint, accessKey, secretKey, stop } = await startMinio();
    later(stop);
    const server = { endpoint: `http://${endpoint}`, region: "us-east-1", accessKey, secretKey };
    const store = createS3ObjectStore({ ...(await createTestBucket(server)), idleMs: 12_000 });
    const big = new Blob([new Uint8Array(options.maxBytes)]);
    await store.put("a/zz", big.stream(), options);
    for (let at = 0; at < 100; at++) await store.put(`a/${at}`, streamOf(patternBytes(10)).stream, options);
    const body = (await store.open("a/zz"))?.body;
    if (!(body instanceof ReadableStream)) throw new Error("a large object comes as a stream");
    const reader = body.getReader();
    await reader.read();
    expect(await failureOf(store.removeAll("a/"))).toMatchObject(publicFailure);
    expect(await Array.fromAsync(store.list("a/"))).toEqual(["a/zz"]);
    await reader.cancel();
    expect(await store.removeAll("a/")).toBeLessThan(2);
    expect(await Array.fromAsync(store.list("a/"))).toEqual([]);
  }, 60_000);
});
