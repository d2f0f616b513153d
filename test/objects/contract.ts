import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { accessTo, mebibyte, options, partBytes } from "./access.ts";
import { keysContract } from "./keys-contract.ts";
import { bytesOf, failureOf, patternBytes, sha256, streamOf } from "./streams.ts";

export interface ContractSubject {
  readonly store: ObjectStore;
  /** How many unfinished uploads there are in the store. */
  countUnfinished(): Promise<number>;
  end(): Promise<void>;
}

/** What every object store must do. */
export function objectStoreContract(createSubject: () => Promise<ContractSubject>): void {
  let subject: ContractSubject;
  let store: ObjectStore;
  beforeAll(async () => {
    subject = await createSubject();
    store = subject.store;
  });
  afterAll(async () => subject.end());

  const { put, read, keysUnder } = accessTo(() => store);

  describe("what was put comes back", () => {
    for (const sizeBytes of [0, 1, 65_537, partBytes - 1, partBytes, partBytes + 1, 20 * mebibyte + 3]) {
      test(`${sizeBytes} bytes`, async () => {
        const bytes = patternBytes(sizeBytes);
        expect(await put("size/object", bytes)).toBe(sizeBytes);
        const opened = await store.open("size/object");
        expect(opened?.info.sizeBytes).toBe(sizeBytes);
        expect(sha256(await bytesOf(opened?.body ?? new Blob()))).toBe(sha256(bytes));
        expect((await store.stat("size/object"))?.sizeBytes).toBe(sizeBytes);
      });
    }

    test("whatever the size of the chunks, also when their memory is used again", async () => {
      const bytes = patternBytes(3 * mebibyte + 17);
      const shared = new Uint8Array(100_003);
      let offset = 0;
      const stream = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            const part = bytes.subarray(offset, offset + shared.byteLength);
            if (part.byteLength === 0) return controller.close();
            shared.set(part);
            offset += part.byteLength;
            controller.enqueue(shared.subarray(0, part.byteLength));
          },
        },
        { highWaterMark: 0 },
      );
      expect(await store.put("size/shared", stream, options)).toBe(bytes.byteLength);
      expect(sha256((await read("size/shared")) ?? new Uint8Array())).toBe(sha256(bytes));
    });

    test("when its size was not known before", async () => {
      const bytes = patternBytes(17 * mebibyte);
      const { contentType, filename } = options;
      expect(await store.put("size/unknown", streamOf(bytes).stream, { contentType, filename })).toBe(bytes.byteLength);
      expect(sha256((await read("size/unknown")) ?? new Uint8Array())).toBe(sha256(bytes));
    });
  });

  describe("what is known of an object", () => {
    for (const contentType of [
      "text/plain",
      "application/json",
      "text/html; charset=latin1",
      "application/x-own+zip",
    ]) {
      test(`the content type ${contentType} is kept as given`, async () => {
        await put("info/type", patternBytes(9), { contentType });
        expect((await store.stat("info/type"))?.contentType).toBe(contentType);
        expect((await store.open("info/type"))?.info.contentType).toBe(contentType);
      });
    }

    test("a content type that no header can carry becomes that of unknown bytes", async () => {
      for (const contentType of ["", "text/plain\r\nx-evil: 1", "t/é", "x".repeat(5000)]) {
        await put("info/type", patternBytes(9), { contentType });
        expect((await store.stat("info/type"))?.contentType).toBe("application/octet-stream");
      }
    });

    const filenames = [
      "data.bin",
      "Größe 100%.csv",
      `a"b'c;d\\e/f,(g)*.txt`,
      "報".repeat(255),
      "😀".repeat(127),
      "a\r\nb\u0001",
      "=?utf-8?q?x?=",
    ];
    for (const filename of filenames) {
      test(`the file name ${JSON.stringify(filename.slice(0, 20))} (${filename.length}) is kept`, async () => {
        await put("info/name", patternBytes(9), { filename });
        expect((await store.stat("info/name"))?.filename).toBe(filename);
        expect((await store.open("info/name"))?.info.filename).toBe(filename);
      });
    }

    test("the entity tag is strong, stays the same for one version and differs from another's", async () => {
      const before = Date.now();
      await put("info/etag", patternBytes(9));
      const first = await store.stat("info/etag");
      expect(first?.etag).toMatch(/^"[^"]+"$/);
      expect((await store.open("info/etag"))?.info).toEqual((await store.stat("info/etag")) ?? first);
      expect(Math.abs((first?.modifiedAt.getTime() ?? 0) - before)).toBeLessThan(60_000);
      await put("info/etag", patternBytes(10));
      expect((await store.stat("info/etag"))?.etag).not.toBe(first?.etag ?? "");
    });

    test("of a missing object: nothing", async () => {
      expect(await store.stat("info/missing")).toBeUndefined();
      expect(await store.open("info/missing")).toBeUndefined();
      expect(await store.open("info/missing", { start: 0, end: 1 })).toBeUndefined();
    });
  });

  test("a second put replaces the first", async () => {
    await put("replace/x", patternBytes(2000), { filename: "one", contentType: "text/plain" });
    await put("replace/x", patternBytes(10), { filename: "two", contentType: "text/csv" });
    expect(await store.stat("replace/x")).toMatchObject({ sizeBytes: 10, filename: "two", contentType: "text/csv" });
    expect(await read("replace/x")).toEqual(patternBytes(10));
    expect(await keysUnder("replace/")).toEqual(["replace/x"]);
  });

  test("a range gives just those bytes, and the size of the whole", async () => {
    const bytes = patternBytes(100_000);
    await put("range/x", bytes);
    for (const [start, end] of [
      [0, 0],
      [0, 99_999],
      [1, 65_536],
      [99_999, 99_999],
      [50_000, 50_009],
    ] as const) {
      const opened = await store.open("range/x", { start, end });
      expect(opened?.info.sizeBytes).toBe(100_000);
      expect(await bytesOf(opened?.body ?? new Blob())).toEqual(bytes.slice(start, end + 1));
    }
  });

  describe("a source that errors", () => {
    for (const sizeBytes of [0, 100_000, 2 * partBytes + 5]) {
      test(`after ${sizeBytes} bytes: its own error comes out and nothing is left`, async () => {
        const failure = new AppError("client_gone", "The client went away");
        const { stream } = streamOf(patternBytes(sizeBytes), { failure });
        expect(await failureOf(store.put("broken/x", stream, options))).toBe(failure);
        expect(await store.stat("broken/x")).toBeUndefined();
        expect(await keysUnder("broken/")).toEqual([]);
        expect(await subject.countUnfinished()).toBe(0);
      });
    }

    test("leaves the object that was there before as it was", async () => {
      await put("kept/x", patternBytes(50));
      const failure = new Error("broken");
      expect(
        await failureOf(store.put("kept/x", streamOf(patternBytes(partBytes + 1), { failure }).stream, options)),
      ).toBe(failure);
      expect(await read("kept/x")).toEqual(patternBytes(50));
    });
  });

  test("puts of different keys run side by side", async () => {
    const sizes = [10, 100_000, partBytes + 1, 3 * mebibyte];
    await Promise.all(sizes.map((size) => put(`parallel/${size}`, patternBytes(size))));
    for (const size of sizes) {
      expect(sha256((await read(`parallel/${size}`)) ?? new Uint8Array())).toBe(sha256(patternBytes(size)));
    }
  });

  test("a reader may stop early", async () => {
    await put("early/x", patternBytes(7 * mebibyte));
    for (let round = 0; round < 20; round++) {
      const body = (await store.open("early/x"))?.body ?? new Blob();
      const reader = (body instanceof Blob ? body.stream() : body).getReader();
      expect((await reader.read()).value?.byteLength).toBeGreaterThan(0);
      await reader.cancel();
    }
    expect((await store.stat("early/x"))?.sizeBytes).toBe(7 * mebibyte);
  });

  test("an object is not there before its last byte is", async () => {
    const lastByte = Promise.withResolvers<void>();
    const stream = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          controller.enqueue(patternBytes(100_000));
          await lastByte.promise;
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const writing = store.put("waiting/x", stream, options);
    expect(await Promise.race([writing, Bun.sleep(50).then(() => "waiting")])).toBe("waiting");
    expect(await store.stat("waiting/x")).toBeUndefined();
    expect(await keysUnder("waiting/")).toEqual([]);
    lastByte.resolve();
    expect(await writing).toBe(100_000);
    expect((await store.stat("waiting/x"))?.sizeBytes).toBe(100_000);
  });

  test("a check of a working store passes", async () => {
    await store.check();
    await store.check(AbortSignal.timeout(5000));
  });

  keysContract(() => store);
}
