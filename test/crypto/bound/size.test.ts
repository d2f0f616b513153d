import { expect, test } from "bun:test";
import fc from "fast-check";
import { boundPlainSize, boundSealedSize } from "../../../src/crypto/bound/size.ts";

const sizes = fc.oneof(
  fc.nat({ max: 100_000 }),
  fc.maxSafeNat().map((size) => Math.floor(size / 2)),
);

test("every size of a plain file comes back from its sealed one", () => {
  fc.assert(fc.property(sizes, (bytes) => boundPlainSize(boundSealedSize(bytes)) === bytes));
});

test("every sealed size is one that the inverse knows, or none at all", () => {
  fc.assert(
    fc.property(sizes, (bytes) => {
      const plainBytes = boundPlainSize(bytes);
      return plainBytes === undefined || (plainBytes >= 0 && boundSealedSize(plainBytes) === bytes);
    }),
  );
});

test("a longer file is longer sealed", () => {
  fc.assert(fc.property(sizes, (bytes) => boundSealedSize(bytes + 1) > boundSealedSize(bytes)));
});

test.each([
  [0, 80],
  [1, 81],
  [16_383, 16_463],
  [16_384, 16_480],
  [16_385, 16_481],
])("%i bytes are sealed to %i", (plainBytes, sealedBytes) => {
  expect(boundSealedSize(plainBytes)).toBe(sealedBytes);
});

test.each([0, 63, 64, 79, 64 + 16_400, 64 + 16_415])("no file is sealed to %i bytes", (bytes) => {
  expect(boundPlainSize(bytes)).toBeUndefined();
});
