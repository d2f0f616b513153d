import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { S3File } from "bun";
import { besidePass, passWays, startBarePass } from "../harness/bare-pass.ts";
import type { Bench } from "../harness/bench.ts";
import { curl, curlDiscard, curlForm, objectIdOf } from "../harness/curl.ts";
import {
  beside,
  cpuAtMost,
  type Goal,
  type Measured,
  measureInTurns,
  mebibyte,
  perGibibyte,
  type Row,
  ratioAtLeast,
  secondsOf,
  userCpuAtMost,
} from "../harness/measure.ts";
import { startProcess } from "../harness/process.ts";
import { presigned } from "../harness/requests.ts";
import { giveBack, waitForRoom } from "../harness/room.ts";
import { openStage, type Stage, type Store } from "../harness/stage.ts";

const sizeOf = ({ quick }: Bench) => (quick ? 128 : 1024) * mebibyte;
const nameOf = (bytes: number) =>
  bytes >= 1024 * mebibyte ? `${bytes / 1024 / mebibyte} GiB` : `${bytes / mebibyte} MiB`;
const megabytesPerSecond = (bytes: number, seconds: number) => bytes / 1e6 / seconds;
/** What the library does best with on this store; the service chooses for itself. */
const libraryParts = { partSize: 8 * mebibyte, queueSize: 4, retry: 3 };

async function put({ service, world }: Stage, file: string): Promise<{ id: string; seconds: number }> {
  const answer = await curlForm("PUT", `${service.url}/local`, world.token, file);
  return { id: objectIdOf(answer), seconds: answer.seconds };
}

async function drain(file: S3File): Promise<void> {
  const reader = file.stream().getReader();
  while (!(await reader.read()).done);
}

/** A row beside the direct way, one that judges what a GiB costs, and those beside a bare pass-through. */
function addRows(
  bench: Bench,
  row: Pick<Row, "group" | "work" | "unit" | "against" | "goal">,
  [service, direct, ...passes]: readonly [Measured, Measured, ...Measured[]],
  cpuGoal?: Goal,
): void {
  bench.add({ ...row, ...beside(service, direct) });
  const { group, work, unit } = row;
  if (cpuGoal) bench.add({ group, work, unit, service: service.figures, cpu: service.cpu, goal: cpuGoal });
  for (const other of besidePass({ group, work, unit }, service, passes)) bench.add(other);
}

/** 1 GiB through the service by curl, straight to the store by the library that the service uses, and through a bare server. */
export async function largeOnS3(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stage = await openStage(bench, stack, { storage: "servers" });
  const store = stage.servers?.store as Store;
  const pass = await startBarePass(stack, store);
  const bytes = sizeOf(bench);
  const file = await bench.file(bytes);
  const keyOf = (id: string) => `local/${stage.world.projectId}/${id}`;
  const perGib = (pid: number, measure: () => Promise<number>) => perGibibyte(pid, bytes, measure);
  const rateOf = (seconds: number) => megabytesPerSecond(bytes, seconds);
  const putDirectly = async (write: () => Promise<number>) => {
    await waitForRoom(bytes);
    const seconds = await write();
    await giveBack(store, "direct", bytes);
    return rateOf(seconds);
  };
  const puts = await measureInTurns(
    bench.rounds,
    perGib(stage.service.pid, async () => {
      await waitForRoom(bytes);
      const { id, seconds } = await put(stage, file);
      await giveBack(store, keyOf(id), bytes);
      return rateOf(seconds);
    }),
    () => putDirectly(() => secondsOf(() => store.s3.write("direct", Bun.file(file), libraryParts))),
    ...passWays.map((way) =>
      perGib(pass.pid, () => putDirectly(async () => (await curl(["-T", file, pass.urlOf(way, "s3:direct")])).seconds)),
    ),
  );
  const common = { group: "large-s3", unit: "MB/s", against: "Bun's S3 client straight to the store" };
  const work = (what: string) => `${what} /local, ${nameOf(bytes)}, S3`;
  addRows(bench, { ...common, work: work("PUT"), goal: ratioAtLeast(0.85) }, puts, cpuAtMost(1.4));

  const { id } = await put(stage, file);
  const direct = presigned(store.s3, keyOf(id), "GET");
  const gets = await measureInTurns(
    bench.rounds,
    perGib(stage.service.pid, async () =>
      rateOf((await curlDiscard(`${stage.service.url}/local/${id}`, stage.world.token)).seconds),
    ),
    async () => rateOf(await secondsOf(() => drain(store.s3.file(keyOf(id))))),
    ...passWays.map((way) =>
      perGib(pass.pid, async () => rateOf((await curlDiscard(pass.urlOf(way, direct))).seconds)),
    ),
  );
  addRows(bench, { ...common, work: work("GET"), goal: ratioAtLeast(0.9) }, gets, cpuAtMost(1));
  await giveBack(store, keyOf(id), bytes);
}

/** The same on the disk. What is read has just been written, so it comes from the page cache on both sides. */
export async function largeEmbedded(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stage = await openStage(bench, stack, { storage: "embedded" });
  const pass = await startBarePass(stack);
  const dataDir = stage.dataDir ?? "";
  const bytes = sizeOf(bench);
  const file = await bench.file(bytes);
  const objects = join(dataDir, "objects", "local");
  const copy = join(dataDir, "bench", "copy");
  await mkdir(join(dataDir, "bench"));
  const perGib = (pid: number, measure: () => Promise<number>) => perGibibyte(pid, bytes, measure);
  const rateOf = (seconds: number) => megabytesPerSecond(bytes, seconds);
  const copyBy = async (work: () => Promise<number>) => {
    const seconds = await work();
    await rm(copy);
    return rateOf(seconds);
  };
  const puts = await measureInTurns(
    bench.rounds,
    perGib(stage.service.pid, async () => {
      const { seconds } = await put(stage, file);
      await rm(objects, { recursive: true });
      return rateOf(seconds);
    }),
    () => copyBy(() => secondsOf(() => copySynced(file, copy))),
    ...passWays.map((way) =>
      perGib(pass.pid, () => copyBy(async () => (await curl(["-T", file, pass.urlOf(way, copy)])).seconds)),
    ),
  );
  const common = { group: "large-embedded", unit: "MB/s", goal: ratioAtLeast(0.7) };
  const work = (what: string) => `${what} /local, ${nameOf(bytes)}, embedded`;
  addRows(bench, { ...common, work: work("PUT"), against: "cp and fsync" }, puts, userCpuAtMost(0.6));

  const { id } = await put(stage, file);
  await copySynced(file, copy);
  const bare = await startBareServer(copy);
  stack.defer(bare.stop);
  const gets = await measureInTurns(
    bench.rounds,
    perGib(stage.service.pid, async () =>
      rateOf((await curlDiscard(`${stage.service.url}/local/${id}`, stage.world.token)).seconds),
    ),
    perGib(bare.pid, async () => rateOf((await curlDiscard(bare.url)).seconds)),
  );
  addRows(bench, { ...common, work: work("GET"), against: "a bare Bun.serve of the same file" }, gets);
}

async function copySynced(from: string, to: string): Promise<void> {
  const child = Bun.spawn(["sh", "-c", 'cp "$1" "$2" && sync "$2"', "sh", from, to]);
  if ((await child.exited) !== 0) throw new Error("cp failed");
}

async function startBareServer(file: string): Promise<{ pid: number; url: string; stop(): Promise<void> }> {
  const script = join(import.meta.dir, "..", "bare", "file.ts");
  const { match, pid, stop } = await startProcess([process.execPath, script, file], /listening on (\S+)/, {});
  return { pid, url: match[1] ?? "", stop };
}
