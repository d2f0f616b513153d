import type { Bench } from "../harness/bench.ts";
import { curlForm, curlSha256, objectIdOf } from "../harness/curl.ts";
import { type Figures, figureAtMost, mebibyte, ratioAtMost, summarize } from "../harness/measure.ts";
import { peakMemoryOf } from "../harness/process.ts";
import { giveBack, waitForRoom } from "../harness/room.ts";
import { openStage, type Stage, type StorageKind } from "../harness/stage.ts";

const titles: Readonly<Record<StorageKind, string>> = { servers: "S3", embedded: "embedded" };
const kinds: readonly StorageKind[] = ["embedded", "servers"];

async function freeObject({ servers, world }: Stage, id: string, bytes: number): Promise<void> {
  if (servers !== undefined) await giveBack(servers.store, `local/${world.projectId}/${id}`, bytes);
}

/** The largest resident set of a fresh process while it takes so many uploads at once. */
export async function parallelUploads(bench: Bench): Promise<void> {
  const bytes = (bench.quick ? 64 : 256) * mebibyte;
  const file = await bench.file(bytes);
  for (const storage of kinds) {
    const peaks: number[] = [];
    for (const uploads of [1, 8, 32]) {
      await waitForRoom(uploads * bytes);
      await using stack = new AsyncDisposableStack();
      const stage = await openStage(bench, stack, { storage });
      const put = async () => objectIdOf(await curlForm("PUT", `${stage.service.url}/local`, stage.world.token, file));
      const ids = await Promise.all(Array.from({ length: uploads }, put));
      const work = `peak memory, ${uploads} uploads of ${bytes / mebibyte} MiB at once, ${titles[storage]}`;
      const peak = peakMemoryOf(stage.service.pid);
      peaks.push(peak);
      const service = summarize([Math.round(peak)]);
      bench.add({ group: "memory", work, unit: "MiB", service, goal: figureAtMost(100 + 12 * uploads) });
      for (const id of ids) await freeObject(stage, id, bytes);
    }
    const [one = 0, eight = 0, many = 0] = peaks;
    for (const [from, to, more] of [
      [1, 8, (eight - one) / 7],
      [8, 32, (many - eight) / 24],
    ] as const) {
      const work = `memory of each further upload of ${bytes / mebibyte} MiB, from ${from} to ${to} at once, ${titles[storage]}`;
      bench.add({ group: "memory", work, unit: "MiB", service: summarize([more]), goal: figureAtMost(12) });
    }
  }
}

interface Peak {
  readonly bytes: number;
  readonly memory: number;
}

/** A file goes in and out of a fresh process, and has to come back the same. */
async function peakWith(bench: Bench, storage: StorageKind, bytes: number): Promise<number> {
  await waitForRoom(bytes);
  await using stack = new AsyncDisposableStack();
  const stage = await openStage(bench, stack, { storage });
  const file = await bench.file(bytes);
  const { url, pid } = stage.service;
  const id = objectIdOf(await curlForm("PUT", `${url}/local`, stage.world.token, file));
  const received = await curlSha256(`${url}/local/${id}`, stage.world.token);
  if (received !== (await bench.sha256(bytes))) throw new Error(`${bytes} bytes came back as others, ${storage}`);
  await freeObject(stage, id, bytes);
  return Math.round(peakMemoryOf(pid));
}

/** Peak memory against the size of the file: flat. */
export async function memoryBySize(bench: Bench): Promise<void> {
  const sizes = (bench.quick ? [16, 64, 256] : [64, 256, 1024, 3072]).map((size) => size * mebibyte);
  const [smallest = 0, largest = 0] = [sizes[0], sizes.at(-1)];
  const series: { name: string; points: [number, number][] }[] = [];
  for (const storage of kinds) {
    const peaks: Peak[] = [];
    for (const bytes of sizes) peaks.push({ bytes, memory: await peakWith(bench, storage, bytes) });
    const at = (bytes: number): Figures => summarize(peaks.filter((p) => p.bytes === bytes).map((p) => p.memory));
    series.push({ name: titles[storage], points: peaks.map(({ bytes, memory }) => [bytes / mebibyte, memory]) });
    bench.add({
      group: "memory-by-size",
      work: `peak memory, ${largest / mebibyte} MiB in and out byte for byte, ${titles[storage]}`,
      unit: "MiB",
      service: at(largest),
      limit: at(smallest),
      against: `the same with ${smallest / mebibyte} MiB`,
      goal: ratioAtMost(1.25),
    });
  }
  await bench.plot("memory", {
    title: "Peak memory of the service, one file in and out",
    xLabel: "size of the file, MiB",
    yLabel: "MiB",
    series,
    formatX: String,
  });
}
