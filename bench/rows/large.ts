import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { S3File } from "bun";
import type { Bench } from "../harness/bench.ts";
import { curlDiscard, curlForm, objectIdOf } from "../harness/curl.ts";
import { inTurns, mebibyte, ratioAtLeast, secondsOf } from "../harness/measure.ts";
import { startProcess } from "../harness/process.ts";
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

/** 1 GiB through the service by curl, and straight to the store by the library that the service uses. */
export async function largeOnS3(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stage = await openStage(bench, stack, { storage: "servers" });
  const store = stage.servers?.store as Store;
  const bytes = sizeOf(bench);
  const file = await bench.file(bytes);
  const keyOf = (id: string) => `local/${stage.world.projectId}/${id}`;
  const puts = await inTurns(
    bench.rounds,
    async () => {
      await waitForRoom(bytes);
      const { id, seconds } = await put(stage, file);
      await giveBack(store, keyOf(id), bytes);
      return megabytesPerSecond(bytes, seconds);
    },
    async () => {
      await waitForRoom(bytes);
      const seconds = await secondsOf(() => store.s3.write("direct", Bun.file(file), libraryParts));
      await giveBack(store, "direct", bytes);
      return megabytesPerSecond(bytes, seconds);
    },
  );
  const common = { group: "large-s3", unit: "MB/s" };
  const against = "Bun's S3 client straight to the store";
  const goal = ratioAtLeast(0.85);
  bench.add({ ...common, work: `PUT /local, ${nameOf(bytes)}, S3`, ...puts, against, goal });

  const { id } = await put(stage, file);
  const gets = await inTurns(
    bench.rounds,
    async () => {
      const { seconds } = await curlDiscard(`${stage.service.url}/local/${id}`, stage.world.token);
      return megabytesPerSecond(bytes, seconds);
    },
    async () => megabytesPerSecond(bytes, await secondsOf(() => drain(store.s3.file(keyOf(id))))),
  );
  const work = `GET /local, ${nameOf(bytes)}, S3`;
  bench.add({ ...common, work, ...gets, against, goal: ratioAtLeast(0.9) });
  await giveBack(store, keyOf(id), bytes);
}

/** The same on the disk. What is read has just been written, so it comes from the page cache on both sides. */
export async function largeEmbedded(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stage = await openStage(bench, stack, { storage: "embedded" });
  const dataDir = stage.dataDir ?? "";
  const bytes = sizeOf(bench);
  const file = await bench.file(bytes);
  const objects = join(dataDir, "objects", "local");
  const copy = join(dataDir, "bench", "copy");
  await mkdir(join(dataDir, "bench"));
  const puts = await inTurns(
    bench.rounds,
    async () => {
      const { seconds } = await put(stage, file);
      await rm(objects, { recursive: true });
      return megabytesPerSecond(bytes, seconds);
    },
    async () => {
      const seconds = await secondsOf(() => copySynced(file, copy));
      await rm(copy);
      return megabytesPerSecond(bytes, seconds);
    },
  );
  const common = { group: "large-embedded", unit: "MB/s", goal: ratioAtLeast(0.7) };
  bench.add({ ...common, work: `PUT /local, ${nameOf(bytes)}, embedded`, ...puts, against: "cp and fsync" });

  const { id } = await put(stage, file);
  await copySynced(file, copy);
  const bare = await startBareServer(copy);
  stack.defer(bare.stop);
  const gets = await inTurns(
    bench.rounds,
    async () => {
      const { seconds } = await curlDiscard(`${stage.service.url}/local/${id}`, stage.world.token);
      return megabytesPerSecond(bytes, seconds);
    },
    async () => megabytesPerSecond(bytes, (await curlDiscard(bare.url)).seconds),
  );
  const against = "a bare Bun.serve of the same file";
  bench.add({ ...common, work: `GET /local, ${nameOf(bytes)}, embedded`, ...gets, against });
}

async function copySynced(from: string, to: string): Promise<void> {
  const child = Bun.spawn(["sh", "-c", 'cp "$1" "$2" && sync "$2"', "sh", from, to]);
  if ((await child.exited) !== 0) throw new Error("cp failed");
}

async function startBareServer(file: string): Promise<{ url: string; stop(): Promise<void> }> {
  const script = join(import.meta.dir, "..", "bare", "file.ts");
  const { match, stop } = await startProcess([process.execPath, script, file], /listening on (\S+)/, {});
  return { url: match[1] ?? "", stop };
}
