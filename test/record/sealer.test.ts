import { expect, test } from "bun:test";
import { createSealer } from "../../src/record/sealer.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";

const head = { sequence: 7, hash: "ab".repeat(32) };
const stats = async () => ({ rows: 1, unsealed: 0, unsealedSeconds: 0, head });

test("a pruning that takes long keeps nothing from being sealed, and the sealer waits for it when it stops", async () => {
  const pruned = Promise.withResolvers<number>();
  let [seals, prunings] = [0, 0];
  const store = {
    stats,
    async seal() {
      seals += 1;
      return undefined;
    },
    prune() {
      prunings += 1;
      return prunings === 1 ? pruned.promise : Promise.resolve(0);
    },
  };
  const sealer = createSealer({ store, keepMs: 1, log: createTestLog().log, sealMs: 1, pruneMs: 1 });
  sealer.start();
  await eventually(() => expect(prunings).toBe(1));
  const before = seals;
  await eventually(() => expect(seals).toBeGreaterThan(before + 3));
  expect(prunings).toBe(1);
  let isStopped = false;
  const stopping = sealer.stop().then(() => {
    isStopped = true;
  });
  expect(isStopped).toBe(false);
  pruned.resolve(0);
  await stopping;
});

test("the log tells the head that a pruning has left", async () => {
  const removals = [20, 3, 0];
  const store = { stats, seal: async () => undefined, prune: async () => removals.shift() ?? 0 };
  const { log, lines } = createTestLog();
  const sealer = createSealer({ store, keepMs: 1, log, sealMs: 1, pruneMs: 3_600_000 });
  sealer.start();
  await eventually(() => expect(lines.map(({ event }) => event)).toContain("record.pruned"));
  await sealer.stop();
  expect(lines.map(({ event, fields }) => [event, fields.sequence ?? fields.rows])).toEqual([
    ["record.sealed", 7],
    ["record.sealed", 7],
    ["record.pruned", 23],
  ]);
  expect(lines[0]?.fields).toMatchObject({ head: head.hash });
});
