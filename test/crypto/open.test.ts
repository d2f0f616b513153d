import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Framing } from "../../src/crypto/framing.ts";
import { DecryptionError } from "../../src/crypto/node-cipher.ts";
import { openStream } from "../../src/crypto/open.ts";
import { sealStream } from "../../src/crypto/seal.ts";
import { collect, collectUntilError, cut, observedStream, streamOf } from "../streams/byte-streams.ts";
import { memorySpool } from "./memory-spool.ts";

const CHUNK = 64;
const PIECE = CHUNK - 28;
const key = new Uint8Array(32).fill(7);

/** Plaintext in which every piece differs. */
const plainOf = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);

function seal(plain: Uint8Array, framing: Framing = "segmented", sealingKey = key): Promise<Uint8Array> {
  let count = 0;
  const randomBytes = (length: number) => createHash("sha256").update(`${count++}`).digest().subarray(0, length);
  return collect(sealStream(streamOf(plain), { key: sealingKey, framing, chunkBytes: CHUNK, randomBytes }));
}

interface Attempt {
  readonly announced?: number;
  readonly lengths?: readonly number[];
  readonly spool?: ReturnType<typeof memorySpool>;
}

/** What a reader gets of a file, and the error it ends with. */
async function attempt(sealed: Uint8Array, { announced, lengths, spool = memorySpool() }: Attempt = {}) {
  const source = observedStream(cut(sealed, lengths ?? [sealed.length || 1]));
  const options = {
    keys: [new Uint8Array(32).fill(9), key],
    chunkBytes: CHUNK,
    sealedBytes: announced ?? sealed.length,
    spool: spool.spool,
  };
  try {
    const stream = await openStream(source.stream, options);
    return { opened: true, ...(await collectUntilError(stream)) };
  } catch (error) {
    expect(source.cancelled() || source.pulledBytes() === sealed.length).toBe(true);
    return { opened: false, bytes: new Uint8Array(0), error };
  }
}

const cuts = fc.array(fc.nat(100), { minLength: 1, maxLength: 6 }).filter((lengths) => lengths.some((n) => n > 0));
const framings = fc.constantFrom<Framing>("segmented", "single");

test("every file comes back, whatever its length, framing and cuts", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), framings, cuts, async (plain, framing, lengths) => {
      const { bytes, error } = await attempt(await seal(plain, framing), { lengths });
      expect(error).toBeUndefined();
      expect(bytes).toEqual(plain);
    }),
  );
});

test("lengths around the ends of pieces come back in both framings", async () => {
  for (const pieces of [0, 1, 2, 3]) {
    for (const length of [-1, 0, 1].map((offset) => Math.max(0, pieces * PIECE + offset))) {
      for (const framing of ["segmented", "single"] as const) {
        const plain = plainOf(length);
        expect(await attempt(await seal(plain, framing))).toEqual({ opened: true, bytes: plain, error: undefined });
      }
    }
  }
});

test("any flipped bit fails, and what came out before is a correct prefix of whole segments", async () => {
  const plain = plainOf(5 * PIECE + 11);
  const sealed = await seal(plain);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const damaged = sealed.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const segment = Math.floor((bit >> 3) / CHUNK);
    const { opened, bytes, error } = await attempt(damaged);
    expect(error).toBeInstanceOf(DecryptionError);
    expect(opened).toBe(segment > 0);
    expect(bytes).toEqual(plain.slice(0, segment * PIECE));
  }
});

test("any flipped bit of a single message fails before a byte is released", async () => {
  const sealed = await seal(plainOf(200), "single");
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const damaged = sealed.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const { opened, error } = await attempt(damaged);
    expect(opened).toBe(false);
    expect(error).toBeInstanceOf(DecryptionError);
  }
});

describe.each(["segmented", "single"] as const)("a %s file of another length than announced", (framing) => {
  const plain = plainOf(3 * PIECE + 5);

  test("fails when cut anywhere", async () => {
    const sealed = await seal(plain, framing);
    for (let length = 0; length < sealed.length; length++) {
      const { bytes, error } = await attempt(sealed.slice(0, length), { announced: sealed.length, lengths: [50] });
      expect(error).toBeInstanceOf(DecryptionError);
      expect(bytes).toEqual(plain.slice(0, bytes.length));
    }
  });

  test("fails when lengthened, and never shows its last segment", async () => {
    const sealed = await seal(plain, framing);
    for (const extra of [1, 27, 28, 29, 64, 100]) {
      const longer = new Uint8Array([...sealed, ...sealed.slice(0, extra)]);
      const { bytes, error } = await attempt(longer, { announced: sealed.length });
      expect(error).toBeInstanceOf(DecryptionError);
      expect(bytes.length).toBeLessThan(plain.length);
    }
  });

  test("fails when its announced size was cut along, but for the end of a segment", async () => {
    const sealed = await seal(plain, framing);
    for (let length = 1; length < sealed.length; length++) {
      const { error } = await attempt(sealed.slice(0, length));
      if (framing === "segmented" && length % CHUNK === 0) expect(error).toBeUndefined();
      else expect(error).toBeInstanceOf(DecryptionError);
    }
  });
});

test("a file of one message that is lengthened fails before a byte is released", async () => {
  for (const length of [0, 10, PIECE]) {
    const sealed = await seal(plainOf(length));
    const { opened, error } = await attempt(new Uint8Array([...sealed, 0]), { announced: sealed.length });
    expect(opened).toBe(false);
    expect(error).toBeInstanceOf(DecryptionError);
  }
});

test("an empty body is an empty file, unless more was announced or came", async () => {
  expect(await attempt(new Uint8Array(0))).toEqual({ opened: true, bytes: new Uint8Array(0), error: undefined });
  expect((await attempt(new Uint8Array(0), { announced: 28 })).error).toBeInstanceOf(DecryptionError);
  expect((await attempt(new Uint8Array(1), { announced: 0 })).error).toBeInstanceOf(DecryptionError);
});

test("1 to 27 bytes are no file", async () => {
  for (let length = 1; length < 28; length++) {
    const { opened, error } = await attempt(new Uint8Array(length));
    expect(opened).toBe(false);
    expect(error).toBeInstanceOf(DecryptionError);
  }
});

test("a file for another pair of keys fails before a byte is released", async () => {
  for (const framing of ["segmented", "single"] as const) {
    for (const length of [0, 10, 500]) {
      const { opened, error } = await attempt(await seal(plainOf(length), framing, new Uint8Array(32).fill(8)));
      expect(opened).toBe(false);
      expect(error).toBeInstanceOf(DecryptionError);
    }
  }
});

test("each segment is released after its tag has come and before the next is asked for", async () => {
  const sealed = await seal(plainOf(4 * PIECE));
  const source = observedStream(cut(sealed, [1]));
  const stream = await openStream(source.stream, {
    keys: [key],
    chunkBytes: CHUNK,
    sealedBytes: sealed.length,
    spool: memorySpool().spool,
  });
  const reader = stream.getReader();
  for (let segment = 1; segment <= 4; segment++) {
    const { value } = await reader.read();
    expect(value?.length).toBe(PIECE);
    await Bun.sleep(1);
    expect(source.pulledBytes()).toBe(segment * CHUNK);
  }
  expect((await reader.read()).done).toBe(true);
});

describe("a single message longer than a segment", () => {
  const plain = plainOf(1000);

  test("is set aside as ciphertext only, and the room given back at the end", async () => {
    const spool = memorySpool();
    const sealed = await seal(plain, "single");
    const { bytes } = await attempt(sealed, { spool });
    expect(bytes).toEqual(plain);
    expect(spool.written).toEqual([sealed]);
    expect(spool.removed()).toBe(1);
  });

  test("gives the room back when it is not authentic", async () => {
    const spool = memorySpool();
    const sealed = await seal(plain, "single");
    sealed[500] = (sealed[500] ?? 0) ^ 1;
    expect((await attempt(sealed, { spool })).opened).toBe(false);
    expect(spool.written).toHaveLength(1);
    expect(spool.removed()).toBe(1);
  });

  test("gives the room back when the reader cancels, before or after its first read", async () => {
    const sealed = await seal(plain, "single");
    for (const reads of [0, 1]) {
      const spool = memorySpool();
      const options = { keys: [key], chunkBytes: CHUNK, sealedBytes: sealed.length, spool: spool.spool };
      const reader = (await openStream(streamOf(sealed), options)).getReader();
      for (let i = 0; i < reads; i++) await reader.read();
      expect(spool.removed()).toBe(0);
      await reader.cancel();
      expect(spool.removed()).toBe(1);
    }
  });

  test("is not set aside where it is a segmented file", async () => {
    const spool = memorySpool();
    await attempt(await seal(plain), { spool });
    expect(spool.written).toEqual([]);
  });
});

test("the source's own error comes through, before and after the first segment", async () => {
  const sealed = await seal(plainOf(3 * PIECE));
  const failure = new Error("the Hub broke off");
  const options = { keys: [key], chunkBytes: CHUNK, sealedBytes: sealed.length, spool: memorySpool().spool };
  const early = openStream(observedStream([sealed.slice(0, 10)], failure).stream, options);
  expect(await early.catch((error) => error)).toBe(failure);
  const late = await openStream(observedStream([sealed.slice(0, 100)], failure).stream, options);
  const { bytes, error } = await collectUntilError(late);
  expect(error).toBe(failure);
  expect(bytes.length).toBe(PIECE);
});

test("damage later on and a cancel both close the source", async () => {
  const sealed = await seal(plainOf(10 * PIECE));
  sealed[CHUNK + 20] = (sealed[CHUNK + 20] ?? 0) ^ 1;
  const options = { keys: [key], chunkBytes: CHUNK, sealedBytes: sealed.length, spool: memorySpool().spool };
  const damaged = observedStream(cut(sealed, [CHUNK]));
  await collectUntilError(await openStream(damaged.stream, options));
  expect(damaged.cancelled()).toBe(true);
  const abandoned = observedStream(cut(sealed, [CHUNK]));
  await (await openStream(abandoned.stream, options)).cancel();
  expect(abandoned.cancelled()).toBe(true);
});
