import { createRetentionKeeper } from "../../src/retention/retention-keeper.ts";
import { createTestLog } from "../support/log.ts";
import { heldBytes } from "../support/own-process.ts";
import { retentionDatabases } from "./databases.ts";

export interface MeasuredSweep {
  readonly done: unknown;
  readonly seconds: number;
  readonly removed: number;
  /** Times that an object's removal was told, and the other events. */
  readonly told: number;
  readonly events: readonly string[];
  /** What the table still counts. */
  readonly usage: unknown;
  /** Bytes of the heap, every 1,000 objects. */
  readonly held: readonly number[];
}

// A process that sweeps this many objects by the rules on a database, and prints a MeasuredSweep.
const [name = "", count = 0, perSecond = 0] = [Bun.argv[2], Number(Bun.argv[3]), Number(Bun.argv[4])];
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

const database = retentionDatabases.find((database) => database.name === name);
if (database === undefined) throw new Error("Name a database");
const subject = await database.open();
const objects = countlessObjects(new Date(subject.now() - 30 * 86_400_000));
const { log, lines } = createTestLog();
let told = 0;
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
      if (event === "result.expired") told += 1;
      else log.info(event, fields);
    },
  },
});
const held: number[] = [];
let swept = 0;
const noteMemory = (objects: number) => {
  if (Math.floor(objects / 1_000) === Math.floor(swept / 1_000)) return;
  swept = objects;
  held.push(heldBytes());
};
await keeper.round();
const begin = performance.now();
const done = await keeper.sweepNow("test", (progress) => noteMemory(progress.swept?.objects ?? 0));
const seconds = (performance.now() - begin) / 1_000;
const usage = await subject.one.store.objects.usageOf(projectId);
await subject.close();
const events = lines.map(({ event }) => event);
const measured: MeasuredSweep = { done, seconds, removed: objects.removed(), told, events, usage, held };
process.stdout.write(JSON.stringify(measured));
