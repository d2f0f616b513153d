import type { Bench } from "../harness/bench.ts";
import { load, loadAfresh } from "../harness/load.ts";
import { mebibyte, repeated } from "../harness/measure.ts";
import type { Series } from "../harness/plot.ts";
import { bearer, cycle, formRequest, getRequest, storeGet, storePuts } from "../harness/requests.ts";
import { openStage, type Stage, type Store } from "../harness/stage.ts";

/** One kind of request with a content of so many bytes, made anew for each turn. */
interface Way {
  readonly name: string;
  readonly url: string;
  /** Whether a new connection for each request may be faster: Ceph holds the end of short answers back on kept ones. */
  readonly mayBeFresh?: boolean;
  prepare(bytes: number): Promise<() => Uint8Array>;
}

function waysOf(stage: Stage, store: Store): readonly Way[] {
  const { service, world } = stage;
  const contentOf = (bytes: number) =>
    Buffer.alloc(bytes, crypto.getRandomValues(new Uint8Array(Math.min(bytes, 65_536))));
  const keyOf = async (bytes: number) => {
    const id = crypto.randomUUID();
    const key = `local/${world.projectId}/${id}`;
    await store.s3.write(key, contentOf(bytes), { type: "application/octet-stream" });
    return { id, key };
  };
  return [
    {
      name: "PUT /local",
      url: service.url,
      prepare: async (bytes) => {
        const request = formRequest(`${service.url}/local`, world.token, contentOf(bytes));
        return () => request;
      },
    },
    {
      name: "PUT to the store",
      url: store.endpoint,
      prepare: async (bytes) => {
        const keys = Array.from({ length: bytes > mebibyte ? 4 : 1_000 }, () => `direct/${crypto.randomUUID()}`);
        if (bytes > 65_536) return cycle(storePuts(store, contentOf(bytes), keys.slice(0, 8)));
        return cycle(storePuts(store, contentOf(bytes), keys));
      },
    },
    {
      name: "GET /local",
      url: service.url,
      prepare: async (bytes) => {
        const request = getRequest(`${service.url}/local/${(await keyOf(bytes)).id}`, bearer(world.token));
        return () => request;
      },
    },
    {
      name: "GET from the store",
      url: store.endpoint,
      mayBeFresh: true,
      prepare: async (bytes) => {
        const request = storeGet(store, (await keyOf(bytes)).key);
        return () => request;
      },
    },
  ];
}

/** How the cost of one request grows with its size, and how the rate of small ones grows with their concurrency. */
export async function growth(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stage = await openStage(bench, stack, { storage: "servers" });
  if (stage.servers === undefined) throw new Error("there are no servers");
  const ways = waysOf(stage, stage.servers.store);
  const rounds = bench.quick ? 1 : 3;
  const seconds = bench.seconds / 2;
  const measure = async (way: Way, bytes: number, connections: number) => {
    const next = await way.prepare(bytes);
    const options = { url: way.url, connections, seconds, next };
    const kept = await repeated(rounds, () => load(options));
    if (!way.mayBeFresh) return kept.median;
    return Math.max(kept.median, (await repeated(rounds, () => loadAfresh(options))).median);
  };

  const sizes = (bench.quick ? [1, 64, 4096] : [1, 16, 256, 4096, 65_536]).map((size) => size * 1024);
  const bySize: Series[] = [];
  const byConnections: Series[] = [];
  for (const way of ways) {
    const points: [number, number][] = [];
    for (const bytes of sizes) points.push([bytes, 1000 / (await measure(way, bytes, 1))]);
    bySize.push({ name: way.name, points });
    const rates: [number, number][] = [];
    for (const connections of bench.quick ? [1, 8, 64] : [1, 2, 4, 8, 16, 32, 64, 128]) {
      rates.push([connections, await measure(way, 4096, connections)]);
    }
    byConnections.push({ name: way.name, points: rates });
  }
  const formatX = (bytes: number) => (bytes >= mebibyte ? `${bytes / mebibyte} MiB` : `${bytes / 1024} KiB`);
  await bench.plot("cost-by-size", {
    title: "Time of one request, one after another, S3",
    xLabel: "size of the file",
    yLabel: "ms",
    series: bySize,
    formatX,
    logY: true,
  });
  await bench.plot("rate-by-concurrency", {
    title: "Requests a second of 4 KiB, S3",
    xLabel: "connections",
    yLabel: "requests/s",
    series: byConnections,
    formatX: String,
  });
}
