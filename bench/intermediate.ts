// PUT and GET /intermediate through a Hub 25 ms away, beside the same transfers straight to that Hub. Usage: bun bench/intermediate.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HubGeneration } from "../src/sandbox/hub.ts";
import {
  type BenchService,
  type BenchWorld,
  compare,
  createContent,
  createForm,
  drain,
  mebibyte,
  printTable,
  rate,
  speed,
  startBenchService,
  startWorld,
} from "./harness.ts";

const largeBytes = 1024 * mebibyte;
const hugeBytes = 3 * 1024 * mebibyte;
const smallBytes = 1024;
const smallCount = 500;
const connections = 16;
const delayMs = 25;

interface Nodes {
  readonly a: BenchService;
  readonly b: BenchService;
  stop(): Promise<void>;
}

async function startNodes(world: BenchWorld, env: Record<string, string> = {}): Promise<Nodes> {
  const folder = await mkdtemp(join(tmpdir(), "flame-result-bench-"));
  const start = (name: string, index: 0 | 1) =>
    startBenchService(world, { DATA_DIR: join(folder, name), ...env }, index);
  const [a, b] = [await start("a", 0), await start("b", 1)];
  return {
    a,
    b,
    async stop() {
      await Promise.all([a.stop(), b.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function send({ a, b }: Nodes, bytes: number): Promise<string> {
  const { body, headers } = createForm(createContent(bytes), bytes, { remote_node_id: b.nodeId });
  const init: RequestInit = { method: "PUT", body, headers: { ...headers, authorization: `Bearer ${a.token}` } };
  const response = await fetch(`${a.url}/intermediate`, init);
  if (response.status !== 200) throw new Error(`PUT answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { object_id: string }).object_id;
}

async function receive({ a, b }: Nodes, id: string, hashed = false) {
  const url = `${b.url}/intermediate/${id}?remote_node_id=${a.nodeId}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${b.token}` } });
  if (response.status !== 200) throw new Error(`GET answered ${response.status}: ${await response.text()}`);
  return drain(response.body, hashed);
}

/** The limit: the same bytes, unencrypted, by a client that talks to the Hub itself. */
async function connectDirectly({ hub, hubUrl, seed }: BenchWorld) {
  const [node] = seed.nodes;
  const credentials = {
    grant_type: "client_credentials",
    client_id: node?.clientId,
    client_secret: node?.clientSecret,
  };
  const answer = await fetch(`${hubUrl}/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(credentials),
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  const authorization = `Bearer ${access_token}`;
  const bucket = hub.bucketOf(seed.analyses[0]?.id ?? "", "TEMP").bucketId;
  return {
    async send(bytes: number): Promise<string> {
      const { body, headers } = createForm(createContent(bytes), bytes);
      const init: RequestInit = { method: "POST", body, headers: { ...headers, authorization } };
      const response = await fetch(`${hubUrl}/storage/buckets/${bucket}/upload`, init);
      const { data } = (await response.json()) as { data: { id: string }[] };
      return data[0]?.id ?? "";
    },
    async receive(id: string) {
      const response = await fetch(`${hubUrl}/storage/bucket-files/${id}/stream`, {
        headers: { authorization, "accept-encoding": "identity" },
      });
      return drain(response.body);
    },
  };
}

async function measureSpeed(): Promise<void> {
  const world = await startWorld();
  const nodes = await startNodes(world);
  const direct = await connectDirectly(world);
  const [sealed, plain] = [await send(nodes, largeBytes), await direct.send(largeBytes)];
  world.hub.delayMs = delayMs;
  const inTransit = `Hub ${delayMs} ms away`;
  const rows = [
    await compare(
      `PUT 1 GiB, encrypted, ${inTransit}`,
      "MB/s",
      () => speed(largeBytes, () => send(nodes, largeBytes)),
      () => speed(largeBytes, () => direct.send(largeBytes)),
    ),
    await compare(
      `GET 1 GiB, decrypted, ${inTransit}`,
      "MB/s",
      () => speed(largeBytes, () => receive(nodes, sealed)),
      () => speed(largeBytes, () => direct.receive(plain)),
    ),
    await compare(
      `PUT 1 KiB, ${connections} connections, ${inTransit}`,
      "/s",
      () => rate(smallCount, connections, () => send(nodes, smallBytes)),
      () => rate(smallCount, connections, () => direct.send(smallBytes)),
    ),
  ];
  console.log("\n## Intermediates; limit: the same bytes, unencrypted, straight to the Hub's stand-in");
  printTable(rows);
  const before = world.hub.requests.length;
  const id = await send(nodes, smallBytes);
  const sent = world.hub.requests.length;
  await receive(nodes, id);
  console.log(`\nRequests to the Hub: ${sent - before} per PUT, ${world.hub.requests.length - sent} per GET`);
  await nodes.stop();
  await world.stop();
}

/** The same file between two nodes in every Hub generation and framing. */
async function proveSize(): Promise<void> {
  console.log(
    `\n### 3 GiB from node A to node B\n\n| Hub | framing | result | peak memory of A | of B |\n|---|---|---|---|---|`,
  );
  const expected = await drain(createContent(hugeBytes), true);
  for (const generation of ["2025", "2026-snake", "2026"] satisfies HubGeneration[]) {
    for (const framing of ["segmented", "single"]) {
      const world = await startWorld(generation);
      const nodes = await startNodes(world, { CRYPTO__FRAMING: framing });
      const received = await receive(nodes, await send(nodes, hugeBytes), true);
      const isSame = received.sha256 === expected.sha256 && received.bytes === hugeBytes;
      const result = isSame ? "byte-identical" : "DIFFERENT";
      console.log(
        `| ${generation} | ${framing} | ${result} | ${nodes.a.peakMemory()} MiB | ${nodes.b.peakMemory()} MiB |`,
      );
      if (!isSame) process.exitCode = 1;
      await nodes.stop();
      await world.stop();
    }
  }
}

await measureSpeed();
await proveSize();
