import { readFileSync } from "node:fs";
import { AppError } from "../../../src/errors.ts";
import { createHub } from "../../../src/hub/create-hub.ts";
import { createOutbound } from "../../../src/hub/transport/create-outbound.ts";
import { pulledBody, sha256OfPattern } from "../bodies.ts";
import { SEED, UNKNOWN_ID } from "../serve-hub.ts";

/**
 * A process that sends a file to a Hub and reads it back slowly, then an upload that the Hub refuses, a download that breaks off and
 * one that falls silent. Prints what became of it all.
 */
const { baseUrl, proxyUrl, bucketId, sizeBytes } = JSON.parse(process.argv[2] ?? "{}");
const READ_BYTES_PER_MS = 200_000;
const MIB = 1024 * 1024;

const log = { debug() {}, info() {}, warn() {}, error() {} };
const hub = createHub({
  authUrl: `${baseUrl}/auth`,
  coreUrl: `${baseUrl}/core`,
  storageUrl: `${baseUrl}/storage`,
  signIn: { flow: "client", id: SEED.nodeA.clientId, secret: SEED.nodeA.clientSecret },
  outbound: createOutbound({ log, proxy: { httpUrl: proxyUrl }, limits: { idleMs: 1000 } }),
  cacheSeconds: 0,
  now: Date.now,
  log,
});
const contentType = "application/octet-stream";

async function sendAndReadBack() {
  const { body } = pulledBody(sizeBytes);
  const [file] = await hub.upload(bucketId, { path: crypto.randomUUID(), contentType, body });
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of (await hub.download(file?.id ?? "")) ?? []) {
    hasher.update(chunk);
    await Bun.sleep(chunk.byteLength / READ_BYTES_PER_MS);
  }
  return { fileId: file?.id ?? "", same: hasher.digest("hex") === sha256OfPattern(sizeBytes) };
}

async function outcomeOf(promise: Promise<unknown>) {
  return promise.then(String, (error) =>
    error instanceof AppError ? `${error.code} ${error.upstream?.status ?? ""}` : error,
  );
}

const { fileId, same } = await sendAndReadBack();
const refused = pulledBody(200 * MIB);
const refusal = await outcomeOf(hub.upload(UNKNOWN_ID, { path: "x", contentType, body: refused.body }));
const read = async () => new Response(await hub.download(fileId)).bytes();
const broken = await outcomeOf(read());
const silent = await outcomeOf(read());
const cancelled = await hub.download(fileId).then((stream) => stream?.cancel());
// Not resourceUsage(): a spawned process inherits the peak of the one that has spawned it.
const peakMib = Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024);
console.log(
  JSON.stringify({ same, refusal, refusedTookMib: refused.seen.pulledBytes / MIB, broken, silent, cancelled, peakMib }),
);
