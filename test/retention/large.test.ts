import { expect, test } from "bun:test";
import { createRetentionKeeper } from "../../src/retention/retention-keeper.ts";
import { createTestLog } from "../support/log.ts";
import { retentionDatabases } from "./databases.ts";

/** `RETENTION_OBJECTS=100000` takes a few minutes. */
const count = Number(Bun.env.RETENTION_OBJECTS ?? "2000");
const perSecond = Math.max(2_000, count / 25);
const projectId = "10000000-0000-4000-8000-000000000001";
const keyOf = (number: number) => `local/${projectId}/30000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

/** A store that has these objects without holding anything of them. */
function countlessObjects(modifiedAt: Date) {
  let removed = 0;
  const info = { sizeBytes: 7, modifiedAt, contentType: "text/plain", filename: "f", etag: '"1"' };
  return {
    removed: () => removed,
    async remove() {
      removed += 1;
    },
    stat: async () => info,
    async *scan(_: string, after?: string) {
      const first = after === undefined ? 0 : Number(after.slice(-12)) + 1;
      for (let number = first; number < count; number += 1) {
        yield { key: keyOf(number), sizeBytes: info.sizeBytes, modifiedAt };
      }
    },
  };
}

function heapUsed(): number {
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
}

for (const { name, isThere, open } of retentionDatabases) {
  test.skipIf(!isThere)(
    `${count} objects are swept on ${name} in one pass, at the set rate at most, and none of them stays in memory`,
    async () => {
      const subject = await open();
      const objects = countlessObjects(new Date(subject.now() - 30 * 86_400_000));
      const { log, lines } = createTestLog();
      const [held, seen] = [[] as number[], { events: 0 }];
      const keeper = createRetentionKeeper({
        store: subject.one.store,
        isCounting: true,
        objects,
        rules: { untaggedDays: 7, taggedDays: 0, tags: [] },
        holder: crypto.randomUUID(),
        perSecond,
        steadyNow: () => performance.now(),
        log: {
          ...log,
          info(event, fields) {
            if (event === "result.expired") seen.events += 1;
            else log.info(event, fields);
          },
        },
      });
      let swept = 0;
      const noteMemory = (objects: number) => {
        if (Math.floor(objects / 1_000) === Math.floor(swept / 1_000)) return;
        swept = objects;
        held.push(heapUsed());
      };
      await keeper.round();
      const begin = performance.now();
      const done = await keeper.sweepNow("test", (progress) => noteMemory(progress.swept?.objects ?? 0));
      const seconds = (performance.now() - begin) / 1_000;
      expect(done).toEqual({ objects: count, bytes: 7 * count, isComplete: true });
      expect([objects.removed(), seen.events]).toEqual([count, count]);
      expect(await subject.one.store.objects.usageOf(projectId)).toEqual({ bytes: 0, objects: 0 });
      expect(count / seconds).toBeLessThanOrEqual(perSecond);
      expect(held.length).toBeGreaterThanOrEqual(count / 1_000);
      const growth = Math.max(...held) - (held[0] ?? 0);
      expect(growth).toBeLessThan(8_000_000);
      expect(lines.map(({ event }) => event)).toContain("retention.swept");
      if (Bun.env.RETENTION_OBJECTS !== undefined) {
        console.info(`${name}: ${count} objects in ${seconds} s, the heap grew by ${growth} bytes`);
      }
      await subject.close();
    },
    60_000 + 10 * count,
  );
}
