import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { createNodeCipher } from "../../src/crypto/create-node-cipher.ts";
import { generateKeyPair, parsePrivateKey } from "../../src/crypto/keys.ts";
import { AppError } from "../../src/errors.ts";
import { type FilePart, resumeDownload } from "../../src/hub/resume-download.ts";
import { expectLength } from "../../src/streams/expect-length.ts";
import { memorySpool } from "../crypto/memory-spool.ts";
import { contentOf } from "../support/intermediates.ts";

const broken = () => new AppError("hub_unreachable", "The Hub cannot be reached");
const chunkBytes = 1_000;

/** Breaks off, or ends, after so many bytes of the whole file. */
interface Cut {
  readonly at: number;
  readonly how: "breaks" | "ends";
}

/** A Hub that cuts its answers one after the other, then gives the rest; pieces are of odd sizes. */
function cuttingHub(file: Uint8Array, cuts: readonly Cut[], ranges: boolean) {
  let requests = 0;
  function answer(start: number): ReadableStream<Uint8Array> {
    const cut = cuts[requests];
    requests += 1;
    const end = cut?.at ?? file.length;
    let position = start;
    return new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (position >= end) return cut?.how === "breaks" ? controller.error(broken()) : controller.close();
          const piece = file.slice(position, Math.min(end, position + 337));
          position += piece.length;
          controller.enqueue(piece);
        },
      },
      { highWaterMark: 0 },
    );
  }
  const openAt = async (position: number): Promise<FilePart> => {
    const start = ranges ? position : 0;
    return { stream: answer(start), start };
  };
  return { first: () => answer(0), openAt, requests: () => requests };
}

const keys = generateKeyPair("P-384");
const peer = generateKeyPair("P-384").publicKey.hex;
const binding = {
  analysisId: crypto.randomUUID(),
  senderNodeId: crypto.randomUUID(),
  receiverNodeId: crypto.randomUUID(),
};
const cipherOf = (framing: "segmented" | "single") =>
  createNodeCipher({
    privateKey: parsePrivateKey(keys.privatePem),
    framing,
    keyDerivation: "raw",
    chunkBytes,
    accept: "any",
    spool: memorySpool().spool,
    randomBytes,
  });

const streamOf = (bytes: Uint8Array) => new Blob([Uint8Array.from(bytes)]).stream();
const bytesOf = (stream: ReadableStream<Uint8Array>) => new Response(stream).bytes();

const framings = ["plain", "segmented", "single", "bound"] as const;

/** A file as the Hub has it, and how it is read. */
async function sealed(framing: (typeof framings)[number], plain: Uint8Array) {
  if (framing === "plain") {
    return { file: plain, open: async (source: ReadableStream<Uint8Array>) => expectLength(source, plain.length) };
  }
  const cipher = cipherOf(framing === "single" ? "single" : "segmented");
  const body =
    framing === "bound"
      ? (await cipher.bound.seal(streamOf(plain), peer, binding)).body
      : await cipher.seal(streamOf(plain), peer);
  const file = await bytesOf(body);
  const source = { peerPublicKey: peer, sealedBytes: file.length, binding: async () => binding };
  return { file, open: (stored: ReadableStream<Uint8Array>) => cipher.open(stored, source) };
}

function resume(hub: ReturnType<typeof cuttingHub>, sizeBytes: number | undefined) {
  const resumed: number[] = [];
  const onResume = (bytes: number) => void resumed.push(bytes);
  return { stream: resumeDownload(hub.first(), { sizeBytes, openAt: hub.openAt, onResume }), resumed };
}

describe.each([...framings])("a %s file whose stream breaks", (framing) => {
  const plainBytes = framing === "bound" ? 40_000 : 5_000;
  const step = framing === "bound" ? 16_400 : chunkBytes;

  test("at any boundary, one before or behind it, comes whole, by one more request for each break", async () => {
    const plain = contentOf(plainBytes);
    const { file, open } = await sealed(framing, plain);
    const places = new Set<number>();
    for (let at = 0; at <= file.length + step; at += step) for (const near of [-1, 0, 1]) places.add(at + near);
    for (const header of [12, 28, 63, 64, 65, file.length - 1]) places.add(header);
    for (const at of [...places].filter((place) => place >= 0 && place < file.length)) {
      for (const how of ["breaks", "ends"] as const) {
        for (const ranges of [false, true]) {
          const hub = cuttingHub(file, [{ at, how }], ranges);
          const { stream, resumed } = resume(hub, file.length);
          expect(Buffer.compare(await bytesOf(await open(stream)), plain)).toBe(0);
          expect([hub.requests(), resumed]).toEqual([2, [at]]);
        }
      }
    }
  }, 60_000);

  test("at random places, three times, comes whole; a fourth time it is visibly broken", async () => {
    const plain = contentOf(plainBytes);
    const { file, open } = await sealed(framing, plain);
    for (let round = 0; round < 40; round += 1) {
      const count = 1 + (round % 4);
      const at = Array.from({ length: count }, () => Math.floor(Math.random() * file.length));
      const ascending = [...new Set(at)].sort((a, b) => a - b);
      const hub = cuttingHub(
        file,
        ascending.map((place) => ({ at: place, how: "breaks" })),
        round % 2 === 0,
      );
      const read = async () => bytesOf(await open(resume(hub, file.length).stream));
      const bytes = await read().catch(() => undefined);
      if (ascending.length <= 3) expect(Buffer.compare(bytes ?? new Uint8Array(), plain)).toBe(0);
      else expect([bytes, hub.requests()]).toEqual([undefined, 4]);
    }
  }, 60_000);

  test("again and again at one place is visibly broken after the second time", async () => {
    const { file, open } = await sealed(framing, contentOf(plainBytes));
    for (const how of ["breaks", "ends"] as const) {
      const hub = cuttingHub(file, Array(9).fill({ at: 2 * step, how }), false);
      const read = async () => bytesOf(await open(resume(hub, file.length).stream));
      expect(await read().catch((error) => error)).toBeInstanceOf(Error);
      expect(hub.requests()).toBe(2);
    }
  });

  test("and that is another one when it is asked for again, is visibly broken", async () => {
    const plain = contentOf(plainBytes);
    const first = await sealed(framing, plain);
    const second = await sealed(framing, framing === "plain" ? contentOf(plainBytes) : plain);
    const hub = cuttingHub(first.file, [{ at: 2 * step, how: "breaks" }], false);
    const stream = resumeDownload(hub.first(), {
      sizeBytes: first.file.length,
      openAt: async () => ({ stream: streamOf(second.file), start: 0 }),
      onResume() {},
    });
    const read = async () => bytesOf(await first.open(stream));
    expect(await read().catch((error) => error)).toBeInstanceOf(Error);
  });
});

test("a stream on which nothing moved for long is given up, not asked for again", async () => {
  const silent = new AppError("hub_timeout", "The Hub did not answer in time");
  const first = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(silent) });
  const openAt = () => Promise.reject(new Error("asked again"));
  const stream = resumeDownload(first, { sizeBytes: 10, openAt, onResume() {} });
  expect(await bytesOf(stream).catch((error) => error)).toBe(silent);
});

test("a reader that leaves while the Hub is asked again has the new answer closed", async () => {
  let isClosed = false;
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<FilePart>();
  const first = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(broken()) });
  const openAt = () => {
    asked.resolve();
    return answer.promise;
  };
  const stream = resumeDownload(first, { sizeBytes: 10, openAt, onResume() {} });
  const reader = stream.getReader();
  reader.read().catch(() => {});
  await asked.promise;
  const leaving = reader.cancel();
  const cancel = () => {
    isClosed = true;
  };
  answer.resolve({ stream: new ReadableStream({ cancel }), start: 0 });
  await leaving;
  expect(isClosed).toBe(true);
});
