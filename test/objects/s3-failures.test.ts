import { afterEach, describe, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { planParts } from "../../src/objects/s3/part-plan.ts";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { startRelay } from "../support/relay.ts";
import { createTestBucket, testS3 } from "../support/s3.ts";
import { bytesOf, failureOf, patternBytes, sha256, streamOf } from "./streams.ts";

const options = { contentType: "text/plain", filename: "data.bin", maxBytes: 32 * 1024 * 1024 };
const bucket = { region: "us-east-1", bucket: "bucket", accessKey: "key", secretKey: "secret" };
const publicFailure = { code: "object_store", message: "Unexpected error from object store" };
const idleMs = 300;

type Answer = (request: Request, url: URL) => Response | Promise<Response>;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** A store whose every answer is given by the test. */
function storeThatAnswers(answer: Answer) {
  const requests: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    development: false,
    fetch(request) {
      const url = new URL(request.url);
      requests.push(`${request.method} ${url.pathname}${url.search}`);
      return answer(request, url);
    },
  });
  cleanUps.push(() => server.stop(true));
  return { store: createS3ObjectStore({ ...bucket, endpoint: server.url.origin, idleMs }), requests };
}

const refusal = (status: number, code: string) =>
  new Response(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>secret detail</Message></Error>`, { status });
const listing = (content: string) => new Response(`<ListBucketResult>${content}</ListBucketResult>`);
const never = () => new Promise<Response>(() => {});

const detailOf = (failure: unknown) => (failure instanceof AppError ? failure.operatorDetail : undefined) ?? "";

/** A source without end. */
function endlessSource() {
  const chunk = patternBytes(65_536);
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => controller.enqueue(chunk),
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, wasCancelled: () => cancelled };
}

describe("a store that is silent", () => {
  test("is given up by every call", async () => {
    const { store } = storeThatAnswers(never);
    const calls = [
      store.put("a/b", streamOf(patternBytes(100)).stream, options),
      store.stat("a/b"),
      store.open("a/b"),
      store.remove("a/b"),
      store.removeAll("a/"),
      Array.fromAsync(store.list("a/")),
      store.sweepUnfinished(new Date()),
      store.check(),
    ];
    for (const failure of await Promise.all(calls.map(failureOf))) expect(failure).toMatchObject(publicFailure);
  });

  test("is given up in the middle of a large upload, and the source is let go of", async () => {
    const { store } = storeThatAnswers((_, url) =>
      url.search === "?uploads="
        ? new Response("<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
        : never(),
    );
    const source = endlessSource();
    const failure = await failureOf(store.put("a/b", source.stream, options));
    expect(failure).toMatchObject(publicFailure);
    expect(detailOf(failure)).toContain("IdleTimeout");
    expect(source.wasCancelled()).toBe(true);
  });

  test("is given up in the middle of an answer", async () => {
    const { store } = storeThatAnswers(
      () => new Response(new ReadableStream({ pull: () => new Promise<void>(() => {}) })),
    );
    const calls = [store.check(), Array.fromAsync(store.list("a/"))];
    for (const failure of await Promise.all(calls.map(failureOf))) expect(failure).toMatchObject(publicFailure);
  });

  test("is not blamed for a source that takes its time", async () => {
    const { store } = storeThatAnswers(async (request) => {
      await request.bytes();
      return new Response("", { headers: { etag: '"e"' } });
    });
    let pulls = 0;
    const slow = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          await Bun.sleep(2 * idleMs);
          if (pulls++ === 0) controller.enqueue(patternBytes(10));
          else controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    expect(await store.put("a/b", slow, options)).toBe(10);
  });

  test("that stores a given-up upload after all has it taken away again", async () => {
    const removed = Promise.withResolvers<string>();
    const { store } = storeThatAnswers(async (request, url) => {
      if (request.method === "DELETE") {
        removed.resolve(url.pathname);
        return new Response(null, { status: 204 });
      }
      await Bun.sleep(3 * idleMs);
      return new Response("", { headers: { etag: '"e"' } });
    });
    expect(await failureOf(store.put("a/b", streamOf(patternBytes(10)).stream, options))).toMatchObject(publicFailure);
    expect(await removed.promise).toBe("/bucket/a/b");
  });
});

describe("a store that refuses", () => {
  const codes = [
    [404, "NoSuchBucket", "create it"],
    [403, "AccessDenied", "allow it"],
    [403, "SignatureDoesNotMatch", "secret key"],
    [403, "InvalidAccessKeyId", "access key"],
    [403, "RequestTimeTooSkewed", "clocks"],
    [301, "PermanentRedirect", "endpoint or the region"],
    [500, "WeirdError", "log"],
  ] as const;
  for (const [status, code, remedy] of codes) {
    test(`with ${code}: operators are told what to do, the public nothing`, async () => {
      const { store } = storeThatAnswers(() => refusal(status, code));
      const calls = [store.check(), store.open("a/b"), store.put("a/b", streamOf(patternBytes(9)).stream, options)];
      for (const failure of await Promise.all(calls.map(failureOf))) {
        expect(failure).toMatchObject(publicFailure);
        expect(detailOf(failure)).toContain(code);
        expect(detailOf(failure)).toContain(remedy);
        expect(failure instanceof Error && failure.cause).toBeInstanceOf(Error);
      }
    });
  }

  for (const code of ["QuotaExceeded", "XMinioStorageFull"]) {
    test(`with ${code} is full`, async () => {
      const { store } = storeThatAnswers(() => refusal(507, code));
      for (const sizeBytes of [9, 9_000_000]) {
        const failure = await failureOf(store.put("a/b", streamOf(patternBytes(sizeBytes)).stream, options));
        expect(failure).toMatchObject({ code: "storage_full", message: "The object store is full" });
      }
    });
  }

  test("once because it is overloaded is asked again", async () => {
    const seen = new Set<string>();
    const { store, requests } = storeThatAnswers(async (request) => {
      await request.bytes();
      if (!seen.has(request.method)) {
        seen.add(request.method);
        return refusal(503, "SlowDown");
      }
      return request.method === "GET"
        ? listing("<IsTruncated>false</IsTruncated>")
        : new Response("", { headers: { etag: '"e"' } });
    });
    expect(await store.put("a/b", streamOf(patternBytes(9)).stream, options)).toBe(9);
    expect(await Array.fromAsync(store.list("a/"))).toEqual([]);
    await store.remove("a/b");
    expect(requests).toHaveLength(6);
  });

  test("for good is not asked for ever", async () => {
    const { store, requests } = storeThatAnswers(() => refusal(503, "SlowDown"));
    expect(await failureOf(store.stat("a/b"))).toMatchObject(publicFailure);
    expect(requests).toHaveLength(3);
  });

  test("a connection is one that cannot be reached", async () => {
    const store = createS3ObjectStore({ ...bucket, endpoint: "http://127.0.0.1:1", idleMs });
    for (const call of [() => store.check(), () => store.put("a/b", streamOf(patternBytes(9)).stream, options)]) {
      const failure = await failureOf(call());
      expect(failure).toMatchObject(publicFailure);
      expect(detailOf(failure)).toContain("nothing listens");
    }
  });
});

describe("a store that answers nonsense", () => {
  for (const text of ["", "<html>Welcome</html>", "<ListBucketResult>"]) {
    test(`fails: ${JSON.stringify(text)}`, async () => {
      const { store } = storeThatAnswers(() => new Response(text));
      expect(await failureOf(Array.fromAsync(store.list("a/")))).toMatchObject(publicFailure);
      expect(await failureOf(store.removeAll("a/"))).toMatchObject(publicFailure);
      expect(await failureOf(store.sweepUnfinished(new Date()))).toMatchObject(publicFailure);
      expect(await failureOf(store.check())).toMatchObject(publicFailure);
      expect(await failureOf(store.open("a/b"))).toMatchObject(publicFailure);
    });
  }

  test("a listing that goes round in circles ends", async () => {
    const page = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
    const { store } = storeThatAnswers(() => listing(page));
    expect(await failureOf(Array.fromAsync(store.list("a/")))).toMatchObject(publicFailure);
  });

  test("a whole object in place of the range asked for is not taken for the range", async () => {
    const headers = { etag: '"e"', "last-modified": new Date(0).toUTCString() };
    const { store } = storeThatAnswers(() => new Response(patternBytes(10), { headers }));
    expect(await failureOf(store.open("a/b", { start: 2, end: 3 }))).toMatchObject(publicFailure);
    expect((await store.open("a/b"))?.info).toMatchObject({ sizeBytes: 10, filename: undefined });
  });
});

describe("bulk removal", () => {
  const keys = ["a/1", "a/&<2>", "a/\u0001"];
  const page = () =>
    listing(
      `<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${keys.map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`).join("")}`,
    );

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
      });
      expect(await store.removeAll("a/")).toBe(3);
      expect(requests.filter((line) => line.startsWith("DELETE"))).toHaveLength(hasBulk ? 1 : 3);
    }
  });
});

test("parts are so large that 10,000 hold the file, and so few at a time that memory stays small", () => {
  const mebibyte = 1024 ** 2;
  for (const maxBytes of [0, 1, 8 * mebibyte, 10 ** 10, 10 ** 11, 10_000 * 64 * mebibyte]) {
    const { partSize, queueSize } = planParts(maxBytes);
    expect(partSize * 10_000).toBeGreaterThanOrEqual(maxBytes);
    expect(partSize).toBeGreaterThanOrEqual(5 * mebibyte);
    expect(partSize).toBeLessThanOrEqual(64 * mebibyte);
    expect(queueSize).toBeGreaterThanOrEqual(1);
    expect(queueSize === 1 || partSize * queueSize <= 64 * mebibyte).toBe(true);
  }
});

test("an announcement of 50 TB is too large at once: the store is not asked, the source is let go of", async () => {
  const { store, requests } = storeThatAnswers(() => refusal(500, "InternalError"));
  for (const maxBytes of [50 * 10 ** 12, 10_000 * 64 * 1024 ** 2 + 1]) {
    const source = endlessSource();
    expect(await failureOf(store.put("a/b", source.stream, { ...options, maxBytes }))).toMatchObject({
      code: "too_large",
      message: "The file is larger than the 671088640000 bytes allowed here",
    });
    expect(source.wasCancelled()).toBe(true);
  }
  expect(requests).toEqual([]);
});

describe.skipIf(testS3 === undefined)("a connection to a real store", () => {
  async function storeBehindRelay() {
    const settings = await createTestBucket();
    const { hostname, port } = new URL(settings.endpoint);
    const relay = await startRelay({ host: hostname, port: Number(port) });
    cleanUps.push(() => relay.stop(), settings.drop);
    const endpoint = `http://127.0.0.1:${relay.port}`;
    return {
      relay,
      direct: createS3ObjectStore(settings),
      store: createS3ObjectStore({ ...settings, endpoint, idleMs: 1000 }),
    };
  }

  test("that is gone for good in an upload: an error and no object", async () => {
    const { relay, store, direct } = await storeBehindRelay();
    const source = endlessSource();
    const uploading = failureOf(store.put("a/b", source.stream, options));
    while (relay.bytes.up < 10_000_000) await Bun.sleep(5);
    await relay.refuse();
    relay.cut();
    expect(await uploading).toMatchObject(publicFailure);
    expect(source.wasCancelled()).toBe(true);
    expect(await direct.stat("a/b")).toBeUndefined();
    expect(await direct.sweepUnfinished(new Date(Date.now() + 60_000))).toBe(1);
    expect(await direct.sweepUnfinished(new Date(Date.now() + 60_000))).toBe(0);
  }, 20_000);

  test("that hangs in an upload: an error and no object", async () => {
    const { relay, store, direct } = await storeBehindRelay();
    const source = endlessSource();
    const uploading = failureOf(store.put("a/b", source.stream, options));
    while (relay.bytes.up < 10_000_000) await Bun.sleep(5);
    relay.pause();
    expect(await uploading).toMatchObject(publicFailure);
    expect(source.wasCancelled()).toBe(true);
    expect(await direct.stat("a/b")).toBeUndefined();
  }, 20_000);

  test("that is gone for good or hangs in a download: the body breaks off with an error", async () => {
    const { relay, store, direct } = await storeBehindRelay();
    await direct.put("a/b", streamOf(patternBytes(20_000_000)).stream, options);
    const leave = async () => {
      await relay.refuse();
      relay.cut();
    };
    for (const breakOff of [leave, relay.pause]) {
      const opened = await store.open("a/b");
      await breakOff();
      expect(await failureOf(bytesOf(opened?.body ?? new Blob()))).toMatchObject(publicFailure);
      await relay.resume();
    }
  }, 20_000);

  test("that is cut in a download: the body goes on, also within a range, unless the object was replaced", async () => {
    const { relay, store, direct } = await storeBehindRelay();
    const bytes = patternBytes(20_000_000);
    await direct.put("a/b", streamOf(bytes).stream, options);
    for (const range of [undefined, { start: 1_000_000, end: 18_999_999 }]) {
      const opened = await store.open("a/b", range);
      relay.cut();
      const { start, end } = range ?? { start: 0, end: bytes.byteLength - 1 };
      const expected = bytes.subarray(start, end + 1);
      expect(sha256(await bytesOf(opened?.body ?? new Blob()))).toBe(sha256(expected));
    }
    const opened = await store.open("a/b");
    // Cut before that: some stores let nobody write what somebody reads.
    await relay.refuse();
    relay.cut();
    await direct.put("a/b", streamOf(bytes.subarray(0, 19_999_999)).stream, options);
    await relay.resume();
    const failure = await failureOf(bytesOf(opened?.body ?? new Blob()));
    expect(failure).toMatchObject(publicFailure);
    expect(detailOf(failure)).toContain("PreconditionFailed");
  }, 20_000);

  test("is closed when the reader of a download stops early", async () => {
    const { relay, store, direct } = await storeBehindRelay();
    await direct.put("a/b", streamOf(patternBytes(20_000_000)).stream, options);
    const body = (await store.open("a/b"))?.body;
    if (!(body instanceof ReadableStream)) throw new Error("A stream was expected");
    const reader = body.getReader();
    await reader.read();
    expect(relay.connections).toBe(1);
    await reader.cancel();
    while (relay.connections > 0) await Bun.sleep(5);
    expect(relay.bytes.down).toBeLessThan(20_000_000);
  }, 20_000);

  test("is not read faster than the reader of a download wants, who may pause for longer than a store", async () => {
    const { relay, store, direct } = await storeBehindRelay();
    const sizeBytes = 40_000_000;
    await direct.put("a/b", streamOf(patternBytes(sizeBytes)).stream, { ...options, maxBytes: sizeBytes });
    const opened = await store.open("a/b");
    await Bun.sleep(1500);
    expect(relay.bytes.down).toBeLessThan(sizeBytes / 2);
    expect((await bytesOf(opened?.body ?? new Blob())).byteLength).toBe(sizeBytes);
  }, 20_000);

  test("has unfinished uploads swept only when they are old", async () => {
    const { relay, store, direct } = await storeBehindRelay();
    const uploading = failureOf(store.put("old/x", endlessSource().stream, options));
    while (relay.bytes.up < 10_000_000) await Bun.sleep(5);
    await relay.refuse();
    relay.cut();
    await uploading;
    expect(await direct.sweepUnfinished(new Date(Date.now() - 3_600_000))).toBe(0);
    expect(await direct.sweepUnfinished(new Date(Date.now() + 3_600_000))).toBe(1);
  }, 20_000);

  test("with a wrong key or to a missing bucket fails the check, with the reason", async () => {
    const settings = await createTestBucket();
    cleanUps.push(settings.drop);
    const reasons = [
      [{ secretKey: "wrong" }, /SignatureDoesNotMatch/],
      // The second is versitygw's word for it.
      [{ accessKey: "nobody" }, /InvalidAccessKeyId|XAdminUserNotFound/],
      [{ bucket: `${settings.bucket}-not` }, /NoSuchBucket/],
    ] as const;
    for (const [change, code] of reasons) {
      const failure = await failureOf(createS3ObjectStore({ ...settings, ...change }).check());
      expect(failure).toMatchObject(publicFailure);
      expect(detailOf(failure)).toMatch(code);
    }
  });
});
