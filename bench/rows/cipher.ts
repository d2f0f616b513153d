import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createNodeCipher } from "../../src/crypto/create-node-cipher.ts";
import type { Framing } from "../../src/crypto/framing.ts";
import { generateKeyPair, parsePrivateKey } from "../../src/crypto/keys.ts";
import { createSpool } from "../../src/streams/spool.ts";
import type { Bench } from "../harness/bench.ts";
import { type Figures, mebibyte, ratioAtLeast, summarize } from "../harness/measure.ts";

const chunkBytes = mebibyte;
const segmentPlainBytes = chunkBytes - 28;
/** Whole files in memory are small: beside a large heap, memory is reclaimed so seldom that each new piece costs page faults. */
const wholeBytes = 16 * mebibyte;
/** What downloads and uploads come in. */
const pieceBytes = 64 * 1024;

const pair = generateKeyPair("P-384");
const peer = generateKeyPair("P-384");
const peerPublicKey = peer.publicKey.hex;

function cipherWith(framing: Framing) {
  const privateKey = parsePrivateKey(pair.privatePem);
  return createNodeCipher({
    privateKey,
    framing,
    keyDerivation: "raw",
    chunkBytes,
    accept: "any",
    spool: createSpool({ dir: tmpdir() }),
    randomBytes,
  });
}

/** The same bytes over and over, in pieces. */
function repeat(bytes: Uint8Array, times: number): ReadableStream<Uint8Array> {
  const perTurn = Math.ceil(bytes.length / pieceBytes);
  let next = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (next === perTurn * times) return controller.close();
        const start = (next++ % perTurn) * pieceBytes;
        controller.enqueue(bytes.subarray(start, start + pieceBytes));
      },
    },
    { highWaterMark: 0 },
  );
}

async function countBytes(stream: ReadableStream<Uint8Array>): Promise<number> {
  const reader = stream.getReader();
  let bytes = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) bytes += read.value.length;
  return bytes;
}

async function sealed(framing: Framing, plain: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await new Response(await cipherWith(framing).seal(repeat(plain, 1), peerPublicKey)).bytes());
}

/** Of the bound framing, which knows who sends what to whom. */
const binding = {
  analysisId: "20000000-0000-4000-8000-000000000001",
  senderNodeId: "a0000000-0000-4000-8000-000000000001",
  receiverNodeId: "b0000000-0000-4000-8000-000000000001",
};

async function sealBound(plain: Uint8Array, times: number): Promise<ReadableStream<Uint8Array>> {
  return (await cipherWith("segmented").bound.seal(repeat(plain, times), peerPublicKey, binding)).body;
}

/** Its chunks are numbered, so the whole file is opened again and again. */
async function openBound(sealed: Uint8Array, times: number): Promise<number> {
  const source = { peerPublicKey, sealedBytes: sealed.length, binding: async () => binding };
  let bytes = 0;
  for (let time = 0; time < times; time++) {
    bytes += await countBytes(await cipherWith("segmented").open(repeat(sealed, 1), source));
  }
  return bytes;
}

/** By the processor time of the one thread that does it, as `openssl speed` counts. */
async function megabytesPerSecond(run: () => Promise<number>): Promise<number> {
  const before = threadNanoseconds();
  const bytes = await run();
  return (bytes * 1e3) / (threadNanoseconds() - before);
}

/** Of this process's first thread, which runs the JavaScript (proc_pid_schedstat(5)). */
const threadNanoseconds = () => Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[0]);

/** By the clock, for what waits for the disk. */
async function megabytesPerClockSecond(run: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  const bytes = await run();
  return bytes / 1e3 / (performance.now() - startedAt);
}

async function opensslMegabytesPerSecond(): Promise<number> {
  const command = ["openssl", "speed", "-mr", "-seconds", "1", "-bytes", `${chunkBytes}`, "-evp", "aes-256-gcm"];
  const output = await new Response(Bun.spawn(command, { stderr: "ignore" }).stdout).text();
  return Number(output.trim().split(":").at(-1)) / 1e6;
}

/** Sealing and opening in memory, streams and all, in this process. No goal for what waits for the disk. */
export async function cipher(bench: Bench): Promise<void> {
  const segments = bench.quick ? 256 : 1024;
  const plainSegment = new Uint8Array(segmentPlainBytes).map((_, i) => i);
  const sealedSegment = await sealed("segmented", plainSegment);
  const sealedSingle = await sealed("single", new Uint8Array(wholeBytes));
  const sealedBound = new Uint8Array(await new Response(await sealBound(new Uint8Array(wholeBytes), 1)).arrayBuffer());
  const seal = async (framing: Framing) =>
    countBytes(await cipherWith(framing).seal(repeat(plainSegment, segments), peerPublicKey));
  // Segments carry no order, so one of them repeated is a file.
  const open = async (framing: Framing, bytes: Uint8Array, times: number) =>
    countBytes(
      await cipherWith(framing).open(repeat(bytes, times), { peerPublicKey, sealedBytes: bytes.length * times }),
    );
  const candidates: readonly (readonly [string, () => Promise<number>])[] = [
    ["openssl", opensslMegabytesPerSecond],
    ["seal, in segments of 1 MiB", () => megabytesPerSecond(() => seal("segmented"))],
    ["open, in segments of 1 MiB", () => megabytesPerSecond(() => open("segmented", sealedSegment, segments))],
    [
      "seal, bound, in chunks of 16 KiB",
      () => megabytesPerSecond(async () => countBytes(await sealBound(plainSegment, segments))),
    ],
    ["open, bound, in chunks of 16 KiB", () => megabytesPerSecond(() => openBound(sealedBound, segments / 16))],
    ["seal, one message", () => megabytesPerSecond(() => seal("single"))],
    [
      "open, one message of 16 MiB, through its spool on the disk",
      () => megabytesPerClockSecond(() => open("single", sealedSingle, 1)),
    ],
  ];
  const rates = candidates.map((): number[] => []);
  for (let round = 0; round < bench.rounds; round++) {
    for (const [index, [, measure]] of candidates.entries()) rates[index]?.push(await measure());
  }
  const [limit, ...services]: Figures[] = rates.map(summarize);
  for (const [index, service] of services.entries()) {
    const work = candidates[index + 1]?.[0] ?? "";
    const goal = work.includes("spool") ? undefined : ratioAtLeast(0.6);
    bench.add({
      group: "cipher",
      work,
      unit: "MB/s",
      service,
      limit,
      against: "openssl speed, aes-256-gcm, 1 MiB",
      goal,
    });
  }
}
