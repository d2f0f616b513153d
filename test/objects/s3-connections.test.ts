import { afterEach, describe, expect, test } from "bun:test";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { startRelay } from "../support/relay.ts";
import { createTestBucket, testS3 } from "../support/s3.ts";
import { cleanUp, detailOf, endlessSource, later, options, publicFailure } from "./answering-store.ts";
import { bytesOf, failureOf, patternBytes, sha256, streamOf } from "./streams.ts";

afterEach(cleanUp);

/** What a download may have received that nobody reads: systems hold 32 MiB and more for a connection. */
const mostOnTheWay = 60_000_000;

describe.skipIf(testS3 === undefined)("a connection to a real store", () => {
  async function storeBehindRelay() {
    const settings = await createTestBucket();
    const { hostname, port } = new URL(settings.endpoint);
    const relay = await startRelay({ host: hostname, port: Number(port) });
    later(() => relay.stop(), settings.drop);
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
    const sizeBytes = 2 * mostOnTheWay;
    await direct.put("a/b", streamOf(patternBytes(sizeBytes)).stream, { ...options, maxBytes: sizeBytes });
    const body = (await store.open("a/b"))?.body;
    if (!(body instanceof ReadableStream)) throw new Error("A stream was expected");
    const reader = body.getReader();
    await reader.read();
    expect(relay.connections).toBe(1);
    await reader.cancel();
    while (relay.connections > 0) await Bun.sleep(5);
    expect(relay.bytes.down).toBeLessThan(mostOnTheWay);
  }, 60_000);

  test("is not read faster than the reader of a download wants, who may pause for longer than a store", async () => {
    const { relay, store, direct } = await storeBehindRelay();
    const sizeBytes = 2 * mostOnTheWay;
    await direct.put("a/b", streamOf(patternBytes(sizeBytes)).stream, { ...options, maxBytes: sizeBytes });
    const opened = await store.open("a/b");
    await Bun.sleep(1500);
    expect(relay.bytes.down).toBeLessThan(mostOnTheWay);
    expect((await bytesOf(opened?.body ?? new Blob())).byteLength).toBe(sizeBytes);
  }, 60_000);

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
    later(settings.drop);
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
