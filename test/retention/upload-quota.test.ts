import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { createCountedObjects } from "../../src/retention/counted-objects.ts";
import { createUploadQuota } from "../../src/retention/upload-quota.ts";
import { memoryObjects } from "../results/fakes.ts";
import { createTestLog } from "../support/log.ts";
import { retentionDatabases, type TestRetention } from "./databases.ts";

const projectId = "10000000-0000-4000-8000-000000000001";
const mebibyte = 1024 * 1024;

for (const { name, isThere, open } of retentionDatabases) {
  describe.skipIf(!isThere)(`uploads within their quota on ${name}`, () => {
    let subject: TestRetention;
    beforeAll(async () => {
      subject = await open();
    });
    beforeEach(() => subject.empty());
    afterAll(async () => await subject?.close());

    function start(projectBytes: number, objects: ObjectStore = memoryObjects(), process = subject.one) {
      const { log } = createTestLog();
      const { reservations, objects: table } = process.store;
      const limits = { projectBytes, nodeBytes: 0 };
      const quota = createUploadQuota({ reservations, limits, newId: () => crypto.randomUUID(), log });
      const counted = createCountedObjects({ objects, table, quota });
      const put = async (body: ReadableStream<Uint8Array>, maxBytes?: number) => {
        const options = { contentType: "text/plain", filename: "f", ...(maxBytes === undefined ? {} : { maxBytes }) };
        const key = `local/${projectId}/${crypto.randomUUID()}`;
        return counted.put(key, body, options).then(
          (bytes) => ({ key, bytes, code: "ok" }),
          (error: { code?: string }) => ({ key, bytes: 0, code: error.code ?? String(error) }),
        );
      };
      return { put, counted, close: quota.close };
    }
    const streamOf = (bytes: number, pieces = 4) =>
      new Blob(Array.from({ length: pieces }, () => new Uint8Array(bytes / pieces))).stream();
    const read = () => subject.one.store.objects.readNode();

    test("50 of unknown length at once, in two processes, never get past it", async () => {
      const [one, two] = [start(8 * mebibyte), start(8 * mebibyte, memoryObjects(), subject.two)];
      const done = await Promise.all(
        Array.from({ length: 50 }, (_, index) => (index % 2 ? one : two).put(streamOf(mebibyte))),
      );
      const stored = done.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(stored).toBeLessThanOrEqual(8 * mebibyte);
      expect(await read()).toMatchObject({ bytes: stored, reservedBytes: 0 });
      expect(new Set(done.map(({ code }) => code))).toEqual(new Set(["ok", "over_quota"]));
      // What others were promised and did not need is there for the next ones.
      for (let left = 8 * mebibyte - stored; left > 0; left -= mebibyte) {
        expect((await one.put(streamOf(mebibyte))).code).toBe("ok");
      }
      expect((await one.put(streamOf(4))).code).toBe("over_quota");
      await Promise.all([one.close(), two.close()]);
    }, 60_000);

    test("one that breaks off gives its room back at once, and so does one that the store refuses", async () => {
      const { put, close } = start(100);
      const broken = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            expect(await read()).toMatchObject({ reservedBytes: 100 });
            controller.error(new Error("client gone"));
          },
        },
        { highWaterMark: 0 },
      );
      expect((await put(broken, 100)).code).toContain("client gone");
      expect(await read()).toMatchObject({ bytes: 0, reservedBytes: 0 });
      const full = start(100, memoryObjects({ put: () => Promise.reject(new Error("store away")) }));
      expect((await full.put(streamOf(100), 100)).code).toContain("store away");
      expect(await read()).toMatchObject({ bytes: 0, reservedBytes: 0 });
      expect((await put(streamOf(100), 100)).code).toBe("ok");
      await Promise.all([close(), full.close()]);
    });

    test("one whose request is a little too long is counted by its bytes", async () => {
      const { put, close } = start(100);
      expect((await put(streamOf(100), 300)).code).toBe("ok");
      expect((await put(streamOf(100), 300)).code).toBe("over_quota");
      const unread = new ReadableStream<Uint8Array>(
        {
          pull() {
            throw new Error("read");
          },
        },
        { highWaterMark: 0 },
      );
      expect((await put(unread, 1_000_000)).code).toBe("over_quota");
      await close();
    });

    test("what is removed frees its room at once", async () => {
      const { put, counted, close } = start(100);
      const { key } = await put(streamOf(100));
      await counted.discard(key);
      const again = await put(streamOf(100));
      expect(again.code).toBe("ok");
      await counted.removeAll(`local/${projectId}/`);
      expect((await put(streamOf(100))).code).toBe("ok");
      await close();
    });
  });
}
