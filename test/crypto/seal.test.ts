import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { sealStream } from "../../src/crypto/seal.ts";
import { collectUntilError, cut, observedStream } from "../streams/byte-streams.ts";

const key = new Uint8Array(randomBytes(32));

for (const framing of ["segmented", "single"] as const) {
  const options = { key, framing, chunkBytes: 128, randomBytes };

  test(`${framing}: a paused reader stops the source`, async () => {
    const source = observedStream(cut(new Uint8Array(10_000), [50]));
    const reader = sealStream(source.stream, options).getReader();
    await Bun.sleep(1);
    expect(source.pulledBytes()).toBe(0);
    for (let i = 0; i < 3; i++) await reader.read();
    await Bun.sleep(1);
    expect(source.pulledBytes()).toBeGreaterThan(0);
    expect(source.pulledBytes()).toBeLessThanOrEqual(150);
  });

  test(`${framing}: a source that fails never looks like a whole file`, async () => {
    const failure = new Error("the client went away");
    for (const length of [0, 10, 100, 250]) {
      const source = observedStream(length === 0 ? [] : [new Uint8Array(length)], failure);
      expect((await collectUntilError(sealStream(source.stream, options))).error).toBe(failure);
    }
  });

  test(`${framing}: cancelling reaches the source`, async () => {
    const source = observedStream(cut(new Uint8Array(10_000), [50]));
    const reader = sealStream(source.stream, options).getReader();
    await reader.read();
    await reader.cancel();
    expect(source.cancelled()).toBe(true);
  });
}
