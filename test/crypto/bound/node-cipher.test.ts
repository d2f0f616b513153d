import { describe, expect, test } from "bun:test";
import { randomBytes, randomUUID } from "node:crypto";
import { createNodeCipher, type NodeCipherDependencies } from "../../../src/crypto/create-node-cipher.ts";
import { generateKeyPair, parsePrivateKey } from "../../../src/crypto/keys.ts";
import { type Binding, DecryptionError, type SealedSource } from "../../../src/crypto/node-cipher.ts";
import { collect, collectUntilError, observedStream, streamOf } from "../../streams/byte-streams.ts";
import { memorySpool } from "../memory-spool.ts";

const chunkBytes = 16_400;
const here = generateKeyPair("P-384");
const there = generateKeyPair("P-384");
const binding: Binding = { analysisId: randomUUID(), senderNodeId: randomUUID(), receiverNodeId: randomUUID() };
const plain = randomBytes(3 * 16_384 + 5);

function cipherOf(pair: typeof here, options: Partial<NodeCipherDependencies> = {}) {
  return createNodeCipher({
    privateKey: parsePrivateKey(pair.privatePem),
    framing: "segmented",
    keyDerivation: "raw",
    chunkBytes: 1_048_576,
    accept: "any",
    spool: memorySpool().spool,
    randomBytes,
    ...options,
  });
}

const sender = cipherOf(here);
const receiver = cipherOf(there);

async function seal(bytes: Uint8Array = plain) {
  const file = await sender.bound.seal(streamOf(bytes), there.publicKey.hex, binding);
  return { sealed: await collect(file.body), seal: file.seal };
}

function open(sealed: Uint8Array, source: Partial<SealedSource> = {}, by = receiver) {
  return by.open(streamOf(sealed), {
    peerPublicKey: here.publicKey.hex,
    sealedBytes: sealed.length,
    binding: async () => binding,
    ...source,
  });
}

const { sealed, seal: itsSeal } = await seal();

test.each([0, 1, 16_383, 16_384, 16_385, 262_143, 262_144, 262_145, 524_288, 1_048_577, 2_500_000])(
  "%i bytes come back as they were, and are sealed to the size announced",
  async (bytes) => {
    const content = randomBytes(bytes);
    const file = await seal(content);
    expect(file.sealed.length).toBe(sender.bound.sealedSize(bytes));
    expect(content.equals(await collect(await open(file.sealed, { seal: file.seal })))).toBe(true);
  },
);

describe("a bound file is not authentic", () => {
  const other = randomUUID();
  test.each<[string, Binding]>([
    ["for another analysis", { ...binding, analysisId: other }],
    ["from another sender", { ...binding, senderNodeId: other }],
    ["for another recipient", { ...binding, receiverNodeId: other }],
    [
      "when it is reflected",
      { ...binding, senderNodeId: binding.receiverNodeId, receiverNodeId: binding.senderNodeId },
    ],
  ])("%s", (_how, changed) => {
    return expect(open(sealed, { binding: async () => changed })).rejects.toThrow(DecryptionError);
  });

  test("without a binding, or under another seal", async () => {
    await expect(open(sealed, { binding: undefined })).rejects.toThrow(DecryptionError);
    await expect(open(sealed, { seal: "0".repeat(32) })).rejects.toThrow(DecryptionError);
    await expect(open(sealed, { seal: itsSeal.slice(0, 30) })).rejects.toThrow(DecryptionError);
  });

  test("when any one byte of its header or first chunk is changed", async () => {
    for (let at = 0; at < 200; at++) {
      const changed = sealed.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(open(changed)).rejects.toThrow(DecryptionError);
    }
  });
});

describe("chunks that the Hub", () => {
  const header = sealed.slice(0, 64);
  const chunk = (index: number) => sealed.slice(64 + index * chunkBytes, 64 + (index + 1) * chunkBytes);

  test.each<[string, readonly number[], number]>([
    ["reordered", [0, 2, 1, 3], 1],
    ["repeated", [0, 1, 1, 2, 3], 2],
    ["dropped", [0, 2, 3], 1],
    ["cut from the end", [0, 1, 2], 3],
    ["put behind the end", [0, 1, 2, 3, 3], 3],
  ])("%s fail behind exactly what came before", async (_how, order, authentic) => {
    const body = Buffer.concat([header, ...order.map(chunk)]);
    const { bytes, error } = await collectUntilError(await open(body));
    expect(error).toBeInstanceOf(DecryptionError);
    expect(plain.subarray(0, authentic * 16_384).equals(bytes)).toBe(true);
  });

  test("damaged far behind fail behind exactly what came before", async () => {
    const long = randomBytes(40 * 16_384 + 7);
    const { sealed: file } = await seal(long);
    for (const index of [15, 16, 17, 31, 32, 39, 40]) {
      const damaged = file.slice();
      const at = 64 + index * chunkBytes;
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      const { bytes, error } = await collectUntilError(await open(damaged));
      expect([index, String(error)]).toEqual([index, expect.stringContaining(`Chunk ${index} is not authentic`)]);
      expect(long.subarray(0, index * 16_384).equals(bytes)).toBe(true);
    }
  });

  test("broken off fail behind exactly what came before", async () => {
    const long = randomBytes(20 * 16_384 + 7);
    const { sealed: file } = await seal(long);
    for (const index of [1, 2, 15, 16, 17, 20]) {
      for (const more of [0, 1, 300]) {
        const part = file.subarray(0, 64 + index * chunkBytes + more);
        if (part.length >= file.length) continue;
        const { bytes, error } = await collectUntilError(await open(part, { sealedBytes: file.length }));
        expect([index, String(error)]).toEqual([index, expect.stringContaining("shorter than announced")]);
        expect(long.subarray(0, index * 16_384).equals(bytes)).toBe(true);
      }
    }
  });

  test("another length than announced fails", async () => {
    for (const sealedBytes of [sealed.length - 1, sealed.length + 1]) {
      await expect(open(sealed, { sealedBytes }).then(collect)).rejects.toThrow(DecryptionError);
    }
  });
});

describe("beside the older framings", () => {
  async function older(ivStart: Uint8Array = randomBytes(8)) {
    const iv = (length: number) => Buffer.concat([ivStart, randomBytes(length - ivStart.length)]);
    return collect(await cipherOf(here, { randomBytes: iv }).seal(streamOf(plain), there.publicKey.hex));
  }

  test("a segmented file whose random IV begins with the magic is read", async () => {
    const file = await older(Buffer.from("FLAMEv2\n"));
    expect(plain.equals(await collect(await open(file)))).toBe(true);
  });

  test("a plain file that begins with the magic is not authentic", () => {
    return expect(open(Buffer.concat([Buffer.from("FLAMEv2\n"), plain]))).rejects.toThrow(DecryptionError);
  });

  test("a link with a seal takes none of them", async () => {
    const file = await older();
    expect(plain.equals(await collect(await open(file)))).toBe(true);
    await expect(open(file, { seal: itsSeal })).rejects.toThrow(DecryptionError);
  });

  test("a reader that wants the bound one takes none of them, nor an empty body", async () => {
    const strict = cipherOf(there, { accept: "bound" });
    for (const file of [await older(), await older(Buffer.from("FLAMEv2\n")), new Uint8Array(0)]) {
      await expect(open(file, {}, strict)).rejects.toThrow(DecryptionError);
    }
    expect(plain.equals(await collect(await open(sealed, {}, strict)))).toBe(true);
  });

  test("a sender that has moved on is believed none of them, and is not asked about for a bound one", async () => {
    const files = [await older(), await older(Buffer.from("FLAMEv2\n")), new Uint8Array(0)];
    for (const file of files) {
      await expect(open(file, { hasMovedOn: async () => true })).rejects.toThrow(DecryptionError);
      expect((await collect(await open(file, { hasMovedOn: async () => false }))).length).toBe(
        file.length === 0 ? 0 : plain.length,
      );
    }
    const hasMovedOn = () => Promise.reject(new Error("asked"));
    expect(plain.equals(await collect(await open(sealed, { hasMovedOn })))).toBe(true);
  });

  test("the framing is told once the first of a file is authentic, and not before", async () => {
    const single = await collect(
      await cipherOf(here, { framing: "single", chunkBytes: 4096 }).seal(streamOf(plain), there.publicKey.hex),
    );
    const small = cipherOf(there, { chunkBytes: 4096 });
    const damaged = sealed.slice();
    damaged[70] = (damaged[70] ?? 0) ^ 1;
    const files = [
      [sealed, receiver, "bound"],
      [await older(), receiver, "segmented"],
      [single, small, "single"],
      [damaged, receiver, undefined],
      [new Uint8Array(0), receiver, undefined],
    ] as const;
    for (const [file, by, framing] of files) {
      const told: string[] = [];
      await open(file, { onFraming: (seen) => void told.push(seen) }, by).then(collect, () => {});
      expect(told).toEqual(framing === undefined ? [] : [framing]);
    }
  });

  test("nobody is asked what an older file is bound to", async () => {
    const binding = () => Promise.reject(new Error("asked"));
    expect(plain.equals(await collect(await open(await older(), { binding })))).toBe(true);
  });
});

test("a stream is read no faster than its reader takes it, and is cancelled with it", async () => {
  const source = observedStream(Array.from({ length: 8 }, () => randomBytes(1_048_576)));
  const { body } = await sender.bound.seal(source.stream, there.publicKey.hex, binding);
  expect(source.pulledBytes()).toBe(0);
  const reader = body.getReader();
  await reader.read();
  expect(source.pulledBytes()).toBe(0);
  await reader.read();
  expect(source.pulledBytes()).toBe(1_048_576);
  await reader.cancel();
  expect(source.cancelled()).toBe(true);
});
