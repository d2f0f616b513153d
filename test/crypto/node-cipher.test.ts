import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNodeCipher, type NodeCipherDependencies } from "../../src/crypto/create-node-cipher.ts";
import { generateKeyPair, parsePrivateKey } from "../../src/crypto/keys.ts";
import { AppError } from "../../src/errors.ts";
import { createSpool } from "../../src/streams/spool.ts";
import { collect, cut, observedStream, streamOf } from "../streams/byte-streams.ts";
import { memorySpool } from "./memory-spool.ts";
import { getVector, recordedIvs, sha256, type Vector, vectors } from "./vectors.ts";

function cipherFor(privatePem: string, options: Partial<NodeCipherDependencies> = {}) {
  const privateKey = parsePrivateKey(privatePem);
  return createNodeCipher({
    privateKey,
    framing: "segmented",
    keyDerivation: "raw",
    chunkBytes: 1_048_576,
    accept: "any",
    spool: memorySpool().spool,
    randomBytes,
    ...options,
  });
}

function openVector(vector: Vector, chunks: Iterable<Uint8Array>) {
  const { receiver, sender, sealed, chunkBytes } = vector;
  const cipher = cipherFor(receiver.sec1, { chunkBytes });
  return cipher.open(observedStream(chunks).stream, { peerPublicKey: sender.publicHex, sealedBytes: sealed.length });
}

/** Large files only at their start, about the end of their first segment, and at their end: a million reads take a second. */
function byteByByte(length: number): number[] {
  if (length < 1_048_000) return [1];
  return [...Array<number>(500).fill(1), 1_047_500, ...Array<number>(length - 1_048_000).fill(1)];
}

describe.each(vectors.map((vector) => ({ name: vector.name, vector })))("vector $name", ({ vector }) => {
  const { receiver, sender, sealed, chunkBytes, framing, keyDerivation } = vector;

  test.each([
    ["whole", [sealed.length]],
    ["in odd cuts", [1, 0, 65_537, 13, 4096, 1_048_577]],
    ["byte by byte", byteByByte(sealed.length)],
  ])("opens %s", async (_how, lengths) => {
    const plain = await collect(await openVector(vector, cut(sealed, lengths)));
    expect(plain.length).toBe(vector.plainBytes);
    expect(sha256(plain)).toBe(vector.plainSha256);
  });

  test.each([
    ["whole", [2_000_000]],
    ["in odd cuts", [4097, 1, 0, 333]],
    ["byte by byte", byteByByte(vector.plainBytes)],
  ])("is sealed %s to the same ciphertext under the same IVs", async (_how, lengths) => {
    const plain = await collect(await openVector(vector, [sealed]));
    const cipher = cipherFor(sender.pkcs8, { framing, keyDerivation, chunkBytes, randomBytes: recordedIvs(vector) });
    const resealed = await collect(await cipher.seal(observedStream(cut(plain, lengths)).stream, receiver.publicPem));
    expect(sha256(resealed)).toBe(sha256(sealed));
    expect(cipher.sealedSize(plain.length)).toBe(sealed.length);
  });

  test("opens for its sender too, as the key is the same in both directions", async () => {
    const cipher = cipherFor(sender.pkcs8, { chunkBytes });
    const source = { peerPublicKey: receiver.publicPem, sealedBytes: sealed.length };
    expect(sha256(await collect(await cipher.open(streamOf(sealed), source)))).toBe(vector.plainSha256);
  });
});

test("a long single message is opened by way of the disk, where nothing can be seen of it", async () => {
  const vector = getVector("p384-single-1052672");
  const dir = await mkdtemp(join(tmpdir(), "cipher-test-"));
  const cipher = cipherFor(vector.receiver.pkcs8, { spool: createSpool({ dir }) });
  const source = { peerPublicKey: vector.sender.publicHex, sealedBytes: vector.sealed.length };
  const stream = await cipher.open(streamOf(vector.sealed), source);
  expect(await readdir(dir)).toEqual([]);
  expect(sha256(await collect(stream))).toBe(vector.plainSha256);
  await rmdir(dir);
});

describe("a peer's key", () => {
  const own = generateKeyPair("P-384");

  async function refusal(peerPublicKey: string): Promise<AppError> {
    const cipher = cipherFor(own.privatePem);
    const errors: unknown[] = [];
    for (const begin of [
      (stream: ReadableStream<Uint8Array>) => cipher.seal(stream, peerPublicKey),
      (stream: ReadableStream<Uint8Array>) => cipher.open(stream, { peerPublicKey, sealedBytes: 100 }),
    ]) {
      const source = observedStream([new Uint8Array(100)]);
      errors.push(await begin(source.stream).catch((error) => error));
      expect(source.cancelled()).toBe(true);
      expect(source.pulledBytes()).toBe(0);
    }
    const [sealing, opening] = errors;
    if (!(sealing instanceof AppError) || !(opening instanceof AppError)) throw new Error("The key was accepted");
    expect(opening.message).toBe(sealing.message);
    return sealing;
  }

  test("on another curve is refused naming both, before a byte is read", async () => {
    const error = await refusal(generateKeyPair("P-256").publicKey.hex);
    expect(error.code).toBe("invalid_input");
    expect(error.message).toContain("P-256");
    expect(error.message).toContain("P-384");
  });

  test("that cannot be read is refused, with the reason for operators only", async () => {
    const error = await refusal(getVector("p384-single-1").sender.pkcs8);
    expect(error.code).toBe("invalid_input");
    expect(error.message).toBe("The remote node's public key cannot be read");
    expect(error.operatorDetail).toContain('found a PEM "PRIVATE KEY"');
  });

  test("that is this node's own is refused: its messages would come back as a peer's", async () => {
    const error = await refusal(own.publicKey.hex);
    expect(error.message).toBe("The remote node's public key is this node's own");
  });

  test("may be of any supported curve", async () => {
    for (const curve of ["P-256", "P-384", "P-521"] as const) {
      const alice = generateKeyPair(curve);
      const bob = generateKeyPair(curve);
      const plain = new Uint8Array(randomBytes(1000));
      const sealing = cipherFor(alice.privatePem);
      const sealed = await collect(await sealing.seal(streamOf(plain), bob.publicKey.hex));
      const source = { peerPublicKey: alice.publicKey.pem, sealedBytes: sealed.length };
      expect(await collect(await cipherFor(bob.privatePem).open(streamOf(sealed), source))).toEqual(plain);
    }
  });
});

test("IVs are drawn anew for every message", async () => {
  const cipher = cipherFor(generateKeyPair("P-256").privatePem, { chunkBytes: 64 });
  const peer = generateKeyPair("P-256");
  const ivs = new Set<string>();
  for (let file = 0; file < 10; file++) {
    const sealed = await collect(await cipher.seal(streamOf(new Uint8Array(360)), peer.publicKey.hex));
    for (let start = 0; start < sealed.length; start += 64) ivs.add(sealed.slice(start, start + 12).toHex());
  }
  expect(ivs.size).toBe(100);
});

test("a segment without room for a byte is refused", () => {
  for (const chunkBytes of [0, 28, 64.5, Number.NaN]) {
    expect(() => cipherFor(generateKeyPair("P-256").privatePem, { chunkBytes })).toThrow(RangeError);
  }
});
