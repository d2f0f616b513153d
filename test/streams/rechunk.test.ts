import { expect, test } from "bun:test";
import fc from "fast-check";
import { createByteReader } from "../../src/streams/byte-reader.ts";
import { rechunk } from "../../src/streams/rechunk.ts";
import { collect, collectUntilError, cut, observedStream, streamOf } from "./byte-streams.ts";

const cuts = fc.array(fc.nat(40), { minLength: 1, maxLength: 8 }).filter((lengths) => lengths.some((n) => n > 0));

test("any cut of the input gives the same bytes, in full chunks but for the last", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      cuts,
      fc.integer({ min: 1, max: 50 }),
      async (bytes, by, size) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of rechunk(observedStream(cut(bytes, by)).stream, size)) chunks.push(chunk);
        expect(new Uint8Array(Buffer.concat(chunks))).toEqual(bytes);
        expect(chunks.slice(0, -1).every((chunk) => chunk.length === size)).toBe(true);
        expect(chunks.length).toBe(Math.ceil(bytes.length / size));
      },
    ),
  );
});

test("a paused reader stops the source", async () => {
  const source = observedStream(cut(new Uint8Array(1000), [10]));
  const reader = rechunk(source.stream, 100).getReader();
  await Bun.sleep(1);
  expect(source.pulledBytes()).toBe(0);
  await reader.read();
  await Bun.sleep(1);
  expect(source.pulledBytes()).toBe(100);
});

test("cancelling reaches the source, also in the middle of a read", async () => {
  const idle = observedStream([new Uint8Array(1)]);
  await rechunk(idle.stream, 10).cancel();
  expect(idle.cancelled()).toBe(true);

  let cancelledWith: unknown;
  const silent = new ReadableStream<Uint8Array>({
    cancel(reason) {
      cancelledWith = reason;
    },
  });
  const reader = rechunk(silent, 10).getReader();
  const pending = reader.read();
  await reader.cancel("enough");
  expect(cancelledWith).toBe("enough");
  expect(await pending).toEqual({ done: true, value: undefined });
});

test("the source's own error comes through after the bytes of the full chunks", async () => {
  const failure = new Error("broken off");
  const { bytes, error } = await collectUntilError(rechunk(observedStream([new Uint8Array(25)], failure).stream, 10));
  expect(error).toBe(failure);
  expect(bytes.length).toBe(20);
});

test("chunks are the reader's to keep", async () => {
  const chunks = await Array.fromAsync(rechunk(streamOf(Uint8Array.of(1, 2, 3, 4)), 2));
  expect(chunks).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3, 4)]);
});

test("a byte reader goes on after its end with nothing", async () => {
  const reader = createByteReader(streamOf(Uint8Array.of(1)));
  expect(await reader.fill(new Uint8Array(5))).toBe(1);
  expect(await reader.fill(new Uint8Array(5))).toBe(0);
  expect(await reader.take(1)).toBeUndefined();
  expect(await collect(rechunk(streamOf(), 4))).toEqual(new Uint8Array(0));
});
