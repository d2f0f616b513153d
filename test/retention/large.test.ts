import { expect, test } from "bun:test";
import { runInOwnProcess } from "../support/own-process.ts";
import { retentionDatabases } from "./databases.ts";
import type { MeasuredSweep } from "./measure-sweep.ts";

/** `RETENTION_OBJECTS=100000` takes a few minutes. */
const count = Number(Bun.env.RETENTION_OBJECTS ?? "2000");
const perSecond = Math.max(2_000, count / 25);

for (const { name, isThere } of retentionDatabases) {
  test.skipIf(!isThere)(
    `${count} objects are swept on ${name} in one pass, at the set rate at most, and none of them stays in memory`,
    async () => {
      const script = new URL("./measure-sweep.ts", import.meta.url);
      const sweep = await runInOwnProcess<MeasuredSweep>(script, name, `${count}`, `${perSecond}`);
      expect(sweep.done).toEqual({ objects: count, bytes: 7 * count, isComplete: true });
      expect([sweep.removed, sweep.told]).toEqual([count, count]);
      expect(sweep.usage).toEqual({ bytes: 0, objects: 0 });
      expect(count / sweep.seconds).toBeLessThanOrEqual(perSecond);
      expect(sweep.held.length).toBeGreaterThanOrEqual(count / 1_000);
      const growth = Math.max(...sweep.held) - (sweep.held[0] ?? 0);
      expect(growth).toBeLessThan(8_000_000);
      expect(sweep.events).toContain("retention.swept");
      if (Bun.env.RETENTION_OBJECTS !== undefined) {
        console.info(`${name}: ${count} objects in ${sweep.seconds} s, the heap grew by ${growth} bytes`);
      }
    },
    60_000 + 10 * count,
  );
}
