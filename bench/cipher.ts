// Measures sealing and opening in memory against `openssl speed`, all in one run. Usage: bun bench/cipher.ts
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { createNodeCipher } from "../src/crypto/ecdh-cipher.ts";
import type { Framing } from "../src/crypto/framing.ts";
import { generateKeyPair, parsePrivateKey } from "../src/crypto/keys.ts";
import { createSpool } from "../src/streams/spool.ts";

const ROUNDS = 5;
const CHUNK_BYTES = 1024 * 1024;
const SEGMENT_PLAIN_BYTES = CHUNK_BYTES - 28;
const SEGMENTS = 1024;
const SPOOLED_BYTES = 64 * 1024 * 1024;
/** What downloads and uploads come in. */
const PIECE_BYTES = 64 * 1024;

const pair = generateKeyPair("P-384");
const peerPublicKey = pair.publicKey.hex;

function cipherWith(framing: Framing) {
  const privateKey = parsePrivateKey(pair.privatePem);
  const spool = createSpool({ dir: tmpdir() });
  return createNodeCipher({ privateKey, framing, chunkBytes: CHUNK_BYTES, spool, randomBytes });
}

/** The same bytes over and over, in pieces. */
function repeat(bytes: Uint8Array, times: number): ReadableStream<Uint8Array> {
  const perTurn = Math.ceil(bytes.length / PIECE_BYTES);
  let next = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (next === perTurn * times) return controller.close();
        const start = (next++ % perTurn) * PIECE_BYTES;
        controller.enqueue(bytes.subarray(start, start + PIECE_BYTES));
      },
    },
    { highWaterMark: 0 },
  );
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<number> {
  const reader = stream.getReader();
  let length = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) length += read.value.length;
  return length;
}

async function sealedFile(framing: Framing, plain: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await new Response(await cipherWith(framing).seal(repeat(plain, 1), peerPublicKey)).bytes());
}

const plainSegment = new Uint8Array(SEGMENT_PLAIN_BYTES).map((_, i) => i);
const sealedSegment = await sealedFile("segmented", plainSegment);
const sealedSingle = await sealedFile("single", new Uint8Array(SPOOLED_BYTES));

const seal = async (framing: Framing) =>
  readAll(await cipherWith(framing).seal(repeat(plainSegment, SEGMENTS), peerPublicKey));

/** Segments carry no order, so one of them repeated is a file. */
async function openSegmented() {
  const source = { peerPublicKey, sealedBytes: sealedSegment.length * SEGMENTS };
  return readAll(await cipherWith("segmented").open(repeat(sealedSegment, SEGMENTS), source));
}

async function openSingle() {
  const source = { peerPublicKey, sealedBytes: sealedSingle.length };
  return readAll(await cipherWith("single").open(repeat(sealedSingle, 1), source));
}

async function megabytesPerSecond(run: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  const bytes = await run();
  return bytes / 1e3 / (performance.now() - startedAt);
}

async function opensslMegabytesPerSecond(): Promise<number> {
  const command = ["openssl", "speed", "-mr", "-seconds", "1", "-bytes", `${CHUNK_BYTES}`, "-evp", "aes-256-gcm"];
  const output = await new Response(Bun.spawn(command, { stderr: "ignore" }).stdout).text();
  return Number(output.trim().split(":").at(-1)) / 1e6;
}

const candidates: readonly (readonly [string, () => Promise<number>])[] = [
  ["openssl speed", opensslMegabytesPerSecond],
  ["seal, segmented", () => megabytesPerSecond(() => seal("segmented"))],
  ["open, segmented", () => megabytesPerSecond(openSegmented)],
  ["seal, single", () => megabytesPerSecond(() => seal("single"))],
  ["open, single (spooled)", () => megabytesPerSecond(openSingle)],
];
const rates = new Map(candidates.map(([name]) => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, measure] of candidates) rates.get(name)?.push(await measure());
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const reference = median(rates.get("openssl speed") ?? []);
console.log(`AES-256-GCM in MB/s, median of ${ROUNDS} (min-max); peak memory of this process below`);
for (const [name, values] of rates) {
  const range = `(${Math.min(...values).toFixed(0)}-${Math.max(...values).toFixed(0)})`;
  const ratio = (median(values) / reference).toFixed(2);
  console.log(name.padEnd(24), median(values).toFixed(0).padStart(6), range.padEnd(14), `ratio ${ratio}`);
}
console.log(`peak RSS ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
