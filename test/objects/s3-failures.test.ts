import { afterEach, describe, expect, test } from "bun:test";
import { planParts } from "../../src/objects/s3/part-plan.ts";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import {
  ampleMs,
  bucket,
  cleanUp,
  detailOf,
  endlessSource,
  idleMs,
  listing,
  never,
  options,
  publicFailure,
  refusal,
  storeThatAnswers,
} from "./answering-store.ts";
import { failureOf, patternBytes, streamOf } from "./streams.ts";

afterEach(cleanUp);

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
      const { store } = storeThatAnswers(() => refusal(status, code), ampleMs);
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
      const { store } = storeThatAnswers(() => refusal(507, code), ampleMs);
      for (const sizeBytes of [9, 9_000_000]) {
        const failure = await failureOf(store.put("a/b", streamOf(patternBytes(sizeBytes)).stream, options));
        expect(failure).toMatchObject({ code: "storage_full", message: "The object store is full" });
        expect(detailOf(failure)).toContain("make room");
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
    }, ampleMs);
    expect(await store.put("a/b", streamOf(patternBytes(9)).stream, options)).toBe(9);
    expect(await Array.fromAsync(store.list("a/"))).toEqual([]);
    await store.remove("a/b");
    expect(requests).toHaveLength(6);
  });

  test("for good is not asked for ever", async () => {
    const { store, requests } = storeThatAnswers(() => refusal(503, "SlowDown"), ampleMs);
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
      const { store } = storeThatAnswers(() => new Response(text), ampleMs);
      expect(await failureOf(Array.fromAsync(store.list("a/")))).toMatchObject(publicFailure);
      expect(await failureOf(store.removeAll("a/"))).toMatchObject(publicFailure);
      expect(await failureOf(store.sweepUnfinished(new Date()))).toMatchObject(publicFailure);
      expect(await failureOf(store.check())).toMatchObject(publicFailure);
      expect(await failureOf(store.open("a/b"))).toMatchObject(publicFailure);
    });
  }

  test("a listing that goes round in circles ends", async () => {
    const page = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
    const { store } = storeThatAnswers(() => listing(page), ampleMs);
    expect(await failureOf(Array.fromAsync(store.list("a/")))).toMatchObject(publicFailure);
  });

  test("a whole object in place of the range asked for is not taken for the range", async () => {
    const headers = { etag: '"e"', "last-modified": new Date(0).toUTCString() };
    const { store } = storeThatAnswers(() => new Response(patternBytes(10), { headers }));
    expect(await failureOf(store.open("a/b", { start: 2, end: 3 }))).toMatchObject(publicFailure);
    expect((await store.open("a/b"))?.info).toMatchObject({ sizeBytes: 10, filename: undefined });
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
  const { store, requests } = storeThatAnswers(() => refusal(500, "InternalError"), ampleMs);
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
