import { expect, test } from "bun:test";
import fc from "fast-check";
import { sealedSize, segmentedPlainSize } from "../../src/crypto/framing.ts";
import { vectors } from "./vectors.ts";

const chunkSizes = fc.integer({ min: 29, max: 2 ** 21 });
const sizes = fc.oneof(fc.nat(5000), fc.nat(2 ** 31), fc.integer({ min: 0, max: 2 ** 45 }));

test("the arithmetic agrees with every vector", () => {
  for (const { framing, plainBytes, chunkBytes, sealed } of vectors) {
    expect(sealedSize(framing, plainBytes, chunkBytes)).toBe(sealed.length);
    if (framing === "segmented") expect(segmentedPlainSize(sealed.length, chunkBytes)).toBe(plainBytes);
  }
});

test("a plain size survives the way there and back", () => {
  fc.assert(
    fc.property(sizes, chunkSizes, (plainBytes, chunkBytes) => {
      expect(segmentedPlainSize(sealedSize("segmented", plainBytes, chunkBytes), chunkBytes)).toBe(plainBytes);
    }),
  );
});

test("every sealed size is either made by one plain size or impossible", () => {
  fc.assert(
    fc.property(sizes, chunkSizes, (sealedBytes, chunkBytes) => {
      const plainBytes = segmentedPlainSize(sealedBytes, chunkBytes);
      const rest = sealedBytes % chunkBytes;
      const impossible = sealedBytes < 28 || (rest > 0 && rest <= 28 && sealedBytes > chunkBytes);
      expect(plainBytes === undefined).toBe(impossible);
      if (plainBytes !== undefined) expect(sealedSize("segmented", plainBytes, chunkBytes)).toBe(sealedBytes);
    }),
  );
});

test("a segment that holds nothing exists only by itself", () => {
  expect(segmentedPlainSize(28, 64)).toBe(0);
  expect(segmentedPlainSize(64 + 28, 64)).toBeUndefined();
  expect(segmentedPlainSize(64 + 29, 64)).toBe(37);
  for (const tooFew of [0, 1, 27, 64 + 1, 64 + 27]) expect(segmentedPlainSize(tooFew, 64)).toBeUndefined();
});
