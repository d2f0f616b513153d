import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { openBound, readHeader } from "../../../src/crypto/bound/open.ts";
import { sealBound } from "../../../src/crypto/bound/seal.ts";
import { HEADER_BYTES, MAGIC, SALT_BYTES } from "../../../src/crypto/bound/size.ts";
import { createByteReader } from "../../../src/streams/byte-reader.ts";
import { collect, collectUntilError, cut, observedStream } from "../../streams/byte-streams.ts";
import { type WycheproofCase, wycheproofCases } from "./wycheproof.ts";

/** What comes out of a case's bytes, and whether they end well. */
async function read({ key, context, ciphertext }: WycheproofCase, pieces: readonly number[]) {
  const sealed = Buffer.concat([MAGIC, ciphertext]);
  const reader = createByteReader(observedStream(cut(sealed, pieces)).stream);
  const header = new Uint8Array(HEADER_BYTES);
  const filled = await reader.fill(header);
  try {
    const keys = readHeader(header.subarray(0, filled), { inputKey: key, context });
    if (keys === undefined) return { isValid: false, plain: new Uint8Array(0) };
    const { bytes, error } = await collectUntilError(await openBound(reader, keys, sealed.length - filled));
    return { isValid: error === undefined, plain: bytes };
  } catch {
    return { isValid: false, plain: new Uint8Array(0) };
  }
}

async function expectVerdict(vector: WycheproofCase, pieces: readonly number[]) {
  const { isValid, plain } = await read(vector, pieces);
  const sha512 = createHash("sha512").update(plain).digest("hex");
  expect({ isValid, plainBytes: plain.length, sha512 }).toEqual({
    isValid: vector.isValid,
    plainBytes: vector.plainBytes,
    sha512: vector.plainSha512,
  });
}

/** Every cut of a short file; in a long one those about a border of header, chunk and end, and some between. */
function cutsOf(length: number): number[] {
  const all = Array.from({ length: length - 1 }, (_, at) => at + 1);
  if (length < 200) return all;
  const isNearBorder = (at: number) => at < 100 || length - at < 20 || Math.abs(((at - 64) % 16_400) - 8200) > 8190;
  return all.filter((at) => (length < 100_000 ? isNearBorder(at) || at % 4099 === 0 : at % 1_048_576 === 77));
}

function byteByByte(length: number): number[] {
  return length < 100_000 ? [1] : [length - 20_000, ...Array<number>(20_000).fill(1)];
}

describe.each(wycheproofCases.map((vector) => ({ name: vector.name, vector })))("case $name", ({ vector }) => {
  const length = MAGIC.length + vector.ciphertext.length;

  test("has its verdict and its plaintext, whole", () => expectVerdict(vector, [length]));
  test("has them byte by byte", () => expectVerdict(vector, byteByByte(length)));
  test("has them in two pieces", async () => {
    for (const at of cutsOf(length)) await expectVerdict(vector, [at, length]);
  });
});

test.each(wycheproofCases.filter(({ isValid }) => isValid).map((vector) => ({ name: vector.name, vector })))(
  "case $name is sealed to the same bytes under the same salt",
  async ({ vector }) => {
    const { key, context, ciphertext } = vector;
    const { plain } = await read(vector, [1_000_000]);
    const randomBytes = () => ciphertext.subarray(0, SALT_BYTES);
    const { body } = sealBound(observedStream(cut(plain.length === 0 ? new Uint8Array(0) : plain, [9973])).stream, {
      inputKey: key,
      context,
      randomBytes,
    });
    expect(Buffer.concat([MAGIC, ciphertext]).equals(await collect(body))).toBe(true);
  },
);
