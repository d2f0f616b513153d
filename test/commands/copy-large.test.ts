import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { copy } from "../../src/commands/copy/copy.ts";
import { copyObjects } from "../../src/commands/copy/copy-objects.ts";
import { type End, findStorage, openEnd } from "../../src/commands/copy/open-end.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { backends, isAvailable } from "../support/service.ts";
import { contentOf, dropScratch, openEmpty, quiet, readFile, storeOf } from "./storages.ts";
import { createTestIo } from "./test-io.ts";

/** `COPY_OBJECTS=10000 COPY_MIB=2048` takes a quarter of an hour. */
const count = Number(Bun.env.COPY_OBJECTS ?? "160");
const largeBytes = Number(Bun.env.COPY_MIB ?? "8") * 1024 * 1024;
const isLong = Bun.env.COPY_OBJECTS !== undefined;
const projectId = "10000000-0000-4000-8000-000000000001";
const idOf = (number: number) => `30000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const keyOf = (number: number) => `local/${projectId}/${idOf(number)}`;
afterAll(dropScratch);

const open = (given: string) => openEnd(findStorage(given, {}, readFile), "target", quiet);

function streamOf(number: number, size: number): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(1024 * 1024).fill(number);
  let left = size;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      controller.enqueue(chunk.slice(0, left));
      left -= chunk.length;
    },
  });
}

/** The large object comes first, so that a copy is killed in the midst of it. */
async function fill(end: End): Promise<void> {
  await end.migrate();
  for (let start = 0; start <= count; start += 20) {
    const numbers = Array.from({ length: Math.min(20, count + 1 - start) }, (_, at) => start + at);
    await Promise.all(
      numbers.map((number) => {
        const bytes = streamOf(number, number === 0 ? largeBytes : number * 7);
        return end.objects.put(keyOf(number), bytes, { contentType: "text/csv", filename: `größe ${number}.csv` });
      }),
    );
    await end.retention.objects.addListed(
      numbers.map((number) => ({ projectId, objectId: idOf(number), sizeBytes: number, storedAt: new Date(number) })),
    );
  }
}

/** The command itself, killed as soon as it has copied so many objects, or after so long. */
async function killAfter(from: string, to: string, copied: number, ms = 3_600_000): Promise<number> {
  const main = join(import.meta.dir, "../../src/main.ts");
  const running = Bun.spawn([process.execPath, main, "copy", "--from", from, "--to", to], {
    stdout: "ignore",
    stderr: "ignore",
    env: { PATH: Bun.env.PATH, HOME: Bun.env.HOME },
  });
  const end = await watch(to);
  const begin = performance.now();
  const isEarly = () => running.exitCode === null && performance.now() - begin < ms;
  while (isEarly() && (await end.count()) < copied) await Bun.sleep(20);
  running.kill("SIGKILL");
  await running.exited;
  return end.count().finally(end.close);
}

/** Counts what is noted as copied, without holding what the copy holds. */
async function watch(given: string) {
  const storage = findStorage(given, {}, readFile);
  const end = await openEnd(storage, "source", quiet).catch(() => undefined);
  let opened = end;
  return {
    async count(): Promise<number> {
      opened ??= await openEnd(storage, "source", quiet).catch(() => undefined);
      return (await opened?.rows.count("flame_result_copy").catch(() => 0)) ?? 0;
    },
    close: async () => void (await opened?.close()),
  };
}

function counting(store: ObjectStore): ObjectStore & { readonly read: string[] } {
  const read: string[] = [];
  return {
    ...store,
    read,
    open(key, range) {
      read.push(key);
      return store.open(key, range);
    },
  };
}

for (const [from, to] of [
  ["embedded", "servers"],
  ["servers", "embedded"],
] as const) {
  const isThere = [from, to].every((kind) => backends.includes(kind) && isAvailable(kind));
  describe.skipIf(!isThere)(`a copy from ${from} to ${to} storage`, () => {
    test(
      "that is killed again and again reads nothing twice that is copied, and ends with everything",
      async () => {
        const [source, target] = [await openEmpty(from), await openEmpty(to)];
        const filled = await open(source.given);
        await fill(filled);
        await filled.close();

        const begin = performance.now();
        const killed = [0.001, 0.4].map((share) => Math.ceil(share * count));
        let copied = 0;
        if (isLong) await killAfter(source.given, target.given, 1, 1_500);
        for (const objects of killed) {
          const now = await killAfter(source.given, target.given, objects);
          expect(now).toBeGreaterThanOrEqual(Math.max(copied, objects));
          copied = now;
        }
        expect(copied).toBeLessThan(count);

        const [end, into] = [await open(source.given), await open(target.given)];
        const objects = counting(end.objects);
        let last: readonly number[] = [];
        await copyObjects({
          from: objects,
          to: into.objects,
          journal: into.rows.journal,
          progress: (...done) => {
            last = done;
          },
        });
        expect(objects.read).toHaveLength(count + 1 - copied);
        expect(objects.read).not.toContain(keyOf(0));
        expect(last[1]).toBe(count + 1);
        await Promise.all([end.close(), into.close()]);

        const io = createTestIo({});
        const request = { from: source.given, to: target.given, dryRun: false };
        const code = await copy({ ...io, readTextFile: readFile }, request);
        expect([code, io.errors]).toEqual([0, []]);
        expect(io.printed[0]).toContain(`Copied ${count + 1} objects of `);
        const figure = `copied ${count + 1} objects with ${largeBytes} bytes in the largest`;
        if (isLong) console.info(`${figure}: ${performance.now() - begin} ms`);

        expect(await contentOf(storeOf(target.given))).toEqual(await contentOf(storeOf(source.given)));
        const moved = await open(target.given);
        expect(await moved.retention.objects.find({ projectId, objectId: idOf(7) })).toMatchObject({
          storedAt: new Date(7),
        });
        expect(await moved.rows.journal.exists()).toBe(false);
        await moved.close();
        await source.drop();
        await target.drop();
      },
      120_000 + 200 * count,
    );
  });
}
