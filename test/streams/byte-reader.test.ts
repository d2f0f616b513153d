import { expect, test } from "bun:test";
import { createByteReader } from "../../src/streams/byte-reader.ts";
import { streamOf } from "./byte-streams.ts";

test("a byte reader goes on after its end with nothing", async () => {
  const reader = createByteReader(streamOf(Uint8Array.of(1)));
  expect(await reader.fill(new Uint8Array(5))).toBe(1);
  expect(await reader.fill(new Uint8Array(5))).toBe(0);
  expect(await reader.take(1)).toBeUndefined();
});
