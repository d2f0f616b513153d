import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { isAvailable } from "../support/service.ts";
import { contentOf, sha256Of } from "./support/content.ts";
import { readProcessFacts } from "./support/process-facts.ts";
import { openStorageView, type StorageView } from "./support/storage-view.ts";
import { type ResilienceWorld, startResilienceWorld } from "./support/world.ts";
import { type Crowd, dripHeaders, gatherCrowd, medianLatency } from "./wire/crowd.ts";
import { bearer, headOf } from "./wire/requests.ts";
import { downloadSlowly, holdDownload, peerPorts, uploadHalf, uploadSlowly } from "./wire/slow-transfers.ts";

/**
 * What is slow here takes two minutes, so all of it goes on at once from the beginning; the tests look at how it ends.
 * Idle connections have a service of their own, so that its descriptors and memory tell of them alone.
 */
const mebibyte = 1024 * 1024;
const slowSeconds = 125;
const patienceMs = 240_000;

let world: ResilienceWorld;
let idleWorld: ResilienceWorld;
let storage: StorageView;
let relay: Relay;
let running: Awaited<ReturnType<typeof startTransfers>>;
let drip: Awaited<ReturnType<typeof dripHeaders>>;
let crowd: {
  readonly members: readonly Crowd[];
  readonly gatheredAt: number;
  readonly floor: number;
  readonly alone: number;
};
const memory: number[] = [];
let sampler: ReturnType<typeof setInterval>;

beforeAll(async () => {
  const kind = isAvailable("servers") ? "servers" : "embedded";
  world = await startResilienceWorld({ storage: kind, name: "slow clients" });
  idleWorld = await startResilienceWorld({ storage: "embedded", name: "idle connections" });
  storage = openStorageView(world);
  relay = await startRelay({ port: Number(new URL(world.url).port) });
  running = await startTransfers();
  const alone = await medianLatency(idleWorld);
  const floor = readProcessFacts(idleWorld.service.pid).descriptors;
  drip = await dripHeaders(idleWorld, 100, 5_000);
  const members = await Promise.all([
    gatherCrowd(idleWorld, 900),
    gatherCrowd(idleWorld, 900, headOf("GET /healthz")),
    gatherCrowd(idleWorld, 200, "GET /healthz HTTP/1.1\r\nHost: half"),
  ]);
  crowd = { members, gatheredAt: performance.now(), floor, alone };
}, 120_000);

afterAll(async () => {
  clearInterval(sampler);
  drip.stop();
  for (const members of crowd.members) members.leave();
  await relay.stop();
  await storage.close();
  await Promise.all([world.stop(), idleWorld.stop()]);
});

async function upload(path: string, content: Uint8Array<ArrayBuffer>, fields: Record<string, string> = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", new File([content], "file.bin"));
  const response = await fetch(`${world.url}${path}`, {
    method: "PUT",
    headers: { authorization: await bearer(world) },
    body: form,
  });
  const { object_id: id } = (await response.json()) as { object_id: string };
  world.figures.requests += 1;
  world.figures.acknowledged += 1;
  return id;
}

async function read(path: string): Promise<string> {
  const response = await fetch(`${world.url}${path}`, { headers: { authorization: await bearer(world) } });
  const bytes = new Uint8Array(await response.arrayBuffer());
  world.figures.bytesVerified += bytes.byteLength;
  return sha256Of(bytes);
}

async function startTransfers() {
  const ownNode = { remote_node_id: world.surroundings.peerNodeId };
  const slowUp = contentOf(1, slowSeconds * 1024);
  const slowDown = contentOf(2, 8 * mebibyte);
  const localId = await upload("/local", slowDown);
  const sentId = await upload("/intermediate", slowDown, ownNode);
  const largeId = await upload("/local", contentOf(3, 200 * mebibyte));
  const query = `?remote_node_id=${world.surroundings.peerNodeId}`;

  const before = peerPorts(world);
  const vanished = {
    up: uploadHalf(world, "/local", `http://127.0.0.1:${relay.port}`).catch(() => undefined),
    down: fetch(`http://127.0.0.1:${relay.port}/local/${largeId}`, { headers: { authorization: await bearer(world) } }),
  };
  await vanished.down;
  await eventually(() => expect(relay.connections).toBeGreaterThanOrEqual(2), 10_000);
  relay.pause();
  const vanishedPorts = [...peerPorts(world)].filter((port) => !before.has(port));

  const started = {
    slowUp,
    slowDown,
    vanishedPorts,
    stored: [localId, largeId],
    uploads: {
      local: uploadSlowly(world, "/local", slowUp),
      tagged: uploadSlowly(world, "/local", slowUp, { tag: "slow" }),
      intermediate: uploadSlowly(world, "/intermediate", slowUp, ownNode),
    },
    downloads: {
      local: downloadSlowly(world, `/local/${localId}`, slowSeconds),
      intermediate: downloadSlowly(world, `/intermediate/${sentId}${query}`, slowSeconds),
    },
    silent: ["/local", "/intermediate", "/final"].map((path) => uploadHalf(world, path)),
    held: holdDownload(world, `/local/${largeId}`),
  };
  await Bun.sleep(3_000);
  sampler = setInterval(() => memory.push(readProcessFacts(world.service.pid).rssBytes), 1_000);
  return started;
}

describe("2,000 connections that do nothing", () => {
  test("are all held, while others are served about as fast as before", async () => {
    expect(crowd.members.map((members) => members.open())).toEqual([900, 900, 200]);
    const among = await medianLatency(idleWorld);
    console.log(`median latency: ${crowd.alone.toFixed(1)} ms alone, ${among.toFixed(1)} ms among 2,100 connections`);
    expect(among).toBeLessThan(Math.max(20, 10 * crowd.alone));
  });
});

describe("a client that falls silent", () => {
  test(
    "in the middle of its upload is given up after a minute, and told so",
    async () => {
      for (const ended of await Promise.all(running.silent)) {
        expect(ended.answer).toMatchObject({
          status: 408,
          body: expect.stringContaining("No byte of the upload arrived for 60 s"),
        });
        expect(ended.seconds).toBeGreaterThan(55);
        expect(ended.seconds).toBeLessThan(100);
      }
    },
    patienceMs,
  );

  test(
    "in the middle of its download is given up after a minute",
    async () => {
      const seconds = await running.held;
      expect(seconds).toBeGreaterThan(50);
      expect(seconds).toBeLessThan(100);
    },
    patienceMs,
  );

  test(
    "because it is not there any more is given up the same, without a sign from the network",
    async () => {
      expect(running.vanishedPorts).toHaveLength(2);
      await eventually(
        () => expect(running.vanishedPorts.filter((port) => peerPorts(world).has(port)).length).toBeLessThan(2),
        60_000,
      );
      await eventually(() => {
        const given = world.service
          .output()
          .split("\n")
          .filter((line) => line.includes('"code":"client_too_slow"'));
        expect(given.length).toBeGreaterThanOrEqual(4);
      }, 60_000);
    },
    patienceMs,
  );
});

describe("a client of 1 KiB/s is not cut in two minutes", () => {
  test.each(["local", "tagged", "intermediate"] as const)(
    "that sends: %s",
    async (kind) => {
      const { answer, seconds } = await running.uploads[kind];
      expect(seconds).toBeGreaterThan(120);
      expect(answer?.status).toBe(200);
      world.figures.acknowledged += 1;
      const { object_id: id } = JSON.parse(answer?.body ?? "{}") as { object_id: string };
      const path =
        kind === "intermediate"
          ? `/intermediate/${id}?remote_node_id=${world.surroundings.peerNodeId}`
          : `/local/${id}`;
      expect(await read(path)).toBe(sha256Of(running.slowUp));
      if (kind !== "intermediate") running.stored.push(id);
    },
    patienceMs,
  );

  test.each(["local", "intermediate"] as const)(
    "that reads, and gets every byte right: %s",
    async (kind) => {
      const { answer, seconds } = await running.downloads[kind];
      expect(seconds).toBeGreaterThan(120);
      expect(answer?.status).toBe(200);
      expect(sha256Of(Buffer.from(answer?.body ?? "", "latin1"))).toBe(sha256Of(running.slowDown));
      world.figures.bytesVerified += running.slowDown.byteLength;
    },
    patienceMs,
  );

  test("and the service's memory stays flat all the while", () => {
    const growth = Math.max(...memory) - (memory[0] ?? 0);
    console.log(
      `memory: ${memory.length} samples, at first ${mib(memory[0])} MiB, at most ${mib(Math.max(...memory))} MiB`,
    );
    expect(memory.length).toBeGreaterThan(60);
    expect(growth).toBeLessThan(64 * mebibyte);
  });
});

const mib = (bytes = 0) => (bytes / mebibyte).toFixed(0);

test("nothing is left of what was given up", async () => {
  const ids = async () => (await Array.fromAsync(storage.objects.list(""))).map((key) => key.split("/").at(-1) ?? "");
  await eventually(async () => expect((await ids()).sort()).toEqual([...running.stored].sort()), 20_000);
  expect(await storage.unfinished()).toEqual([]);
  const analysis = world.surroundings.analyses[0];
  expect(world.hub.filesOf(world.hub.bucketOf(analysis, "TEMP").bucketId ?? "")).toHaveLength(2);
  expect(world.hub.filesOf(world.hub.bucketOf(analysis, "RESULT").bucketId ?? "")).toEqual([]);
  expect(readProcessFacts(world.service.pid).deletedFiles).toEqual([]);
});

test(
  "connections that do nothing are closed by and by, and no descriptor is left of them",
  async () => {
    await eventually(() => expect(crowd.members.map((members) => members.open())).toEqual([0, 0, 0]), 200_000);
    console.log(
      `the last idle connection was closed after ${((performance.now() - crowd.gatheredAt) / 1000).toFixed(0)} s`,
    );
    // A head that comes byte by byte is no silence; it only never becomes a request.
    expect(drip.answered()).toBe(0);
    drip.stop();
    await eventually(
      () => expect(readProcessFacts(idleWorld.service.pid).descriptors).toBeLessThanOrEqual(crowd.floor + 5),
      20_000,
    );
  },
  patienceMs,
);
