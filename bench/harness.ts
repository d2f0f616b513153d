import { readFileSync } from "node:fs";
import { generateKeyPair } from "../src/crypto/keys.ts";
import { createSandboxHub, type HubGeneration, type SandboxHub } from "../src/sandbox/hub.ts";
import { createSandboxIdentity } from "../src/sandbox/identity.ts";
import { createSeed, type SandboxSeed } from "../src/sandbox/seed.ts";

export const mebibyte = 1024 * 1024;

/** A Hub and an identity provider in this process, for one node or two. */
export interface BenchWorld {
  readonly hub: SandboxHub;
  readonly hubUrl: string;
  readonly certsUrl: string;
  readonly seed: SandboxSeed;
  readonly privateKeys: readonly string[];
  /** Of the seed's first analysis. */
  readonly token: string;
  readonly adapterToken: string;
  stop(): Promise<void>;
}

export async function startWorld(generation: HubGeneration = "2026"): Promise<BenchWorld> {
  const [a, b] = [generateKeyPair("P-384"), generateKeyPair("P-384")];
  const seed = createSeed({ nodeKeys: { a: a.publicKey.pem, b: b.publicKey.pem } });
  const identity = await createSandboxIdentity({ clients: [] });
  const hub = createSandboxHub({ generation, seed });
  const provider = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: identity.fetch });
  const limits = { maxRequestBodySize: Number.MAX_SAFE_INTEGER, idleTimeout: 0 };
  const standIn = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: hub.fetch, ...limits });
  return {
    hub,
    hubUrl: `http://127.0.0.1:${standIn.port}`,
    certsUrl: `http://127.0.0.1:${provider.port}/certs`,
    seed,
    privateKeys: [a.privatePem, b.privatePem],
    token: await identity.token(seed.analyses[0]?.id ?? ""),
    adapterToken: await identity.token("hub-adapter"),
    async stop() {
      await Promise.all([provider.stop(true), standIn.stop(true), hub.close()]);
    },
  };
}

/** The executable as it is shipped, in a process of its own. */
export interface BenchService {
  readonly url: string;
  readonly token: string;
  readonly nodeId: string;
  /** The largest resident set so far, in MiB, as the kernel counts it. */
  peakMemory(): number;
  stop(): Promise<void>;
}

/** Node A or node B of the world, on the given storage and whatever other settings. */
export async function startBenchService(
  world: BenchWorld,
  env: Record<string, string>,
  index: 0 | 1 = 0,
): Promise<BenchService> {
  const { hub, hubUrl, certsUrl, seed, privateKeys, token } = world;
  const node = seed.nodes[index];
  const isRobot = hub.generation === "2025";
  const child = Bun.spawn(["dist/flame-result", "serve"], {
    stdout: "pipe",
    stderr: "inherit",
    env: {
      PATH: Bun.env.PATH ?? "",
      SERVER__HOST: "127.0.0.1",
      SERVER__PORT: "0",
      OIDC__CERTS_URL: certsUrl,
      HUB__AUTH_BASE_URL: `${hubUrl}/auth`,
      HUB__CORE_BASE_URL: `${hubUrl}/core`,
      HUB__STORAGE_BASE_URL: `${hubUrl}/storage`,
      HUB__AUTH__FLOW: isRobot ? "robot" : "client",
      HUB__AUTH__ID: (isRobot ? node?.robotId : node?.clientId) ?? "",
      HUB__AUTH__SECRET: (isRobot ? node?.robotSecret : node?.clientSecret) ?? "",
      CRYPTO__PROVIDER: "raw",
      CRYPTO__ECDH_PRIVATE_KEY: privateKeys[index] ?? "",
      ...env,
    },
  });
  return {
    url: await readUrl(child.stdout),
    token,
    nodeId: node?.id ?? "",
    peakMemory: () => peakMemoryOf(child.pid),
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

/** Waits for the line that tells where the service listens, and goes on reading so that the pipe never fills. */
async function readUrl(output: ReadableStream<Uint8Array>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  void (async () => {
    let text = "";
    const decoder = new TextDecoder();
    let found = false;
    for await (const chunk of output) {
      if (found) continue;
      text += decoder.decode(chunk, { stream: true });
      const url = /"url":"([^"]+)"/.exec(text)?.[1];
      if (url === undefined) continue;
      found = true;
      resolve(url);
    }
    reject(new Error(`the service did not start:\n${text}`));
  })();
  return promise;
}

function peakMemoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
}

const block = crypto.getRandomValues(new Uint8Array(65_536));

/** Bytes of no pattern that a store could make use of, the same ones every time, in pieces as they come from a network. */
export function createContent(bytes: number): ReadableStream<Uint8Array> {
  let made = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (made >= bytes) return controller.close();
        const piece = block.slice(0, Math.min(block.byteLength, bytes - made));
        new DataView(piece.buffer).setUint32(0, made / block.byteLength);
        made += piece.byteLength;
        controller.enqueue(piece);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Reads to the end; resolves with the number of bytes and, if asked for, their SHA-256. */
export async function drain(stream: ReadableStream<Uint8Array> | null, hashed = false) {
  const hasher = new Bun.CryptoHasher("sha256");
  const reader = stream?.getReader();
  let bytes = 0;
  for (;;) {
    const read = await reader?.read();
    if (read === undefined || read.done) return { bytes, sha256: hashed ? hasher.digest("hex") : "" };
    bytes += read.value.byteLength;
    if (hashed) hasher.update(read.value);
  }
}

/** A multipart form with text parts, then a file, streamed. */
export function createForm(content: ReadableStream<Uint8Array>, bytes: number, fields: Record<string, string> = {}) {
  const boundary = "bench-boundary";
  const texts = Object.entries(fields).map(([name, value]) => {
    return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  });
  const head = `${texts.join("")}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${crypto.randomUUID()}"\r\n\r\n`;
  const tail = `\r\n--${boundary}--\r\n`;
  async function* body() {
    yield new TextEncoder().encode(head);
    const reader = content.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
    yield new TextEncoder().encode(tail);
  }
  const headers = {
    "content-type": `multipart/form-data; boundary=${boundary}`,
    "content-length": String(head.length + bytes + tail.length),
  };
  return { body: body(), headers };
}

/** Measures service and limit in turns, so that whatever else the machine does hits both. */
export async function compare(
  work: string,
  unit: string,
  service: () => Promise<number>,
  limit: () => Promise<number>,
  rounds = 5,
): Promise<Row> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ours.push(await service());
    theirs.push(await limit());
  }
  return { work, unit, service: summarize(ours), limit: summarize(theirs) };
}

/** MB/s for so many bytes. */
export async function speed(bytes: number, work: () => Promise<unknown>): Promise<number> {
  return bytes / 1e6 / (await seconds(work));
}

export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Does the same thing so many times from several connections at once; resolves with how many a second. */
export async function rate(total: number, connections: number, once: () => Promise<unknown>): Promise<number> {
  let left = total;
  const worker = async () => {
    while (left-- > 0) await once();
  };
  return total / (await seconds(() => Promise.all(Array.from({ length: connections }, worker))));
}

export interface Figures {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function summarize(values: readonly number[]): Figures {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return { median: at(Math.floor((sorted.length - 1) / 2)), min: at(0), max: at(sorted.length - 1) };
}

export interface Row {
  readonly work: string;
  readonly unit: string;
  readonly service: Figures;
  readonly limit: Figures;
}

/** Both sides of every row are measured in turns in the same run; the ratio is that of the medians. */
export function printTable(rows: readonly Row[]): void {
  console.log(`\n| work | service | limit | ratio |\n|---|---|---|---|`);
  for (const { work, unit, service, limit } of rows) {
    console.log(
      `| ${work} | ${show(service)} ${unit} | ${show(limit)} ${unit} | ${(service.median / limit.median).toFixed(2)} |`,
    );
  }
}

function show({ median, min, max }: Figures): string {
  const round = (value: number) => (value >= 100 ? Math.round(value) : value.toFixed(1));
  return `${round(median)} (${round(min)}–${round(max)})`;
}
