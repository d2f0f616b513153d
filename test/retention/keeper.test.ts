import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createRetentionKeeper } from "../../src/retention/retention-keeper.ts";
import type { RetentionRules } from "../../src/retention/rules.ts";
import { createTestLog } from "../support/log.ts";
import { type BareObjects, bareObjects } from "./bare-objects.ts";
import { type Process, retentionDatabases, type TestRetention } from "./databases.ts";

const projectId = "10000000-0000-4000-8000-000000000001";
const analysisId = "20000000-0000-4000-8000-000000000001";
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const yearMs = 365 * dayMs;
const idOf = (number: number) => `30000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const keyOf = (number: number) => `local/${projectId}/${idOf(number)}`;
const week: RetentionRules = { untaggedDays: 7, taggedDays: 0, tags: [] };

for (const { name, isThere, open } of retentionDatabases) {
  describe.skipIf(!isThere)(`the keeper of retention on ${name}`, () => {
    let subject: TestRetention;
    let objects: BareObjects;
    /** Time that passes for the processes, and is not set by anybody. */
    let steadyMs = 0;
    beforeAll(async () => {
      subject = await open();
    });
    beforeEach(async () => {
      await subject.empty();
      objects = bareObjects();
      steadyMs = 0;
    });
    afterAll(async () => await subject?.close());

    function start(process: Process = subject.one, rules = week, perSecond = 1_000_000) {
      const { log, lines } = createTestLog();
      const keeper = createRetentionKeeper({
        store: process.store,
        isCounting: true,
        objects,
        rules,
        holder: crypto.randomUUID(),
        perSecond,
        steadyNow: () => steadyMs + performance.now(),
        log,
      });
      return { ...keeper, events: () => lines.map(({ event }) => event), lines };
    }
    function pass(ms: number): void {
      steadyMs += ms;
      subject.pass(ms);
    }
    /** As much time as a process that looks every hour has seen. */
    async function live(keeper: ReturnType<typeof start>, ms: number): Promise<void> {
      for (let passedMs = 0; passedMs < ms; passedMs += hourMs) {
        pass(hourMs);
        expect(await keeper.round()).toBe(true);
      }
    }
    const fill = (count: number, ageMs = 30 * dayMs) => {
      for (let number = 0; number < count; number += 1) objects.set(keyOf(number), 1, new Date(subject.now() - ageMs));
    };
    const tag = (number: number, tagName = "t") =>
      subject.two.catalog.tag({ projectId, clientId: analysisId, objectId: idOf(number), tagName, filename: "f" });

    test("finds, counts and sweeps by age what an older service has stored", async () => {
      fill(3);
      objects.set(keyOf(3), 5, new Date(subject.now()));
      objects.set("local/notes.txt", 5, new Date(0));
      await tag(1);
      const keeper = start();
      await keeper.round();
      expect(await subject.one.store.objects.usageOf(projectId)).toEqual({ bytes: 8, objects: 4 });
      await live(keeper, 25 * hourMs);
      expect(objects.keys()).toEqual([keyOf(1), keyOf(3), "local/notes.txt"]);
      expect(await subject.one.store.objects.usageOf(projectId)).toEqual({ bytes: 6, objects: 2 });
      await live(keeper, 6 * dayMs);
      expect(objects.keys()).toEqual([keyOf(1), "local/notes.txt"]);
    }, 120_000);

    test("only shows for a day what a new or changed rule would remove, over any number of starts", async () => {
      fill(2);
      for (let hour = 0; hour < 23; hour += 1) {
        const keeper = start();
        await keeper.round();
        pass(hourMs);
      }
      expect(objects.keys()).toHaveLength(2);
      const changed = start(subject.one, { ...week, untaggedDays: 8 });
      await live(changed, 23 * hourMs);
      expect(objects.keys()).toHaveLength(2);
      const shown = changed.lines.find(({ event }) => event === "retention.preview");
      expect(shown?.fields).toMatchObject({ objects: 2, bytes: 2 });
      await live(changed, 2 * hourMs);
      expect(objects.keys()).toEqual([]);
      expect(changed.events()).toContain("retention.swept");
    }, 120_000);

    test("sweeps at once for an operator, who need not wait for the next time either", async () => {
      fill(2);
      const keeper = start();
      expect(await keeper.sweepNow("Ada")).toMatchObject({ objects: 2, isComplete: true });
      expect(objects.keys()).toEqual([]);
      const told = keeper.lines.filter(({ event }) => event === "result.expired").map(({ fields }) => fields);
      const facts = { projectId, bytes: 1, outcome: "ok", user: "Ada" };
      expect(told).toEqual([
        { ...facts, objectId: idOf(0) },
        { ...facts, objectId: idOf(1) },
      ]);
      await subject.record.seal();
      expect((await subject.record.readAfter({}, 0, 9)).map(({ actor }) => actor)).toEqual(["Ada", "Ada"]);
      objects.set(keyOf(9), 1, new Date(subject.now() - 30 * dayMs));
      await live(start(), 26 * hourMs);
      expect(objects.keys()).toEqual([]);
    }, 120_000);

    test("deletes nothing early when the clock is set forward by a year and back, and nothing is stuck", async () => {
      fill(2, hourMs);
      const keeper = start();
      await live(keeper, 26 * hourMs);
      subject.pass(yearMs);
      await live(keeper, 26 * hourMs);
      objects.set(keyOf(9), 1, new Date(subject.now()));
      await subject.one.store.objects.add({ projectId, objectId: idOf(9), sizeBytes: 1 });
      subject.pass(-yearMs);
      await live(keeper, 26 * hourMs);
      expect(objects.keys()).toHaveLength(3);
      await live(keeper, 6 * dayMs);
      expect(objects.keys()).toEqual([]);
    }, 120_000);

    test("deletes nothing early when the clock is set while nothing runs", async () => {
      fill(2, hourMs);
      await live(start(), 26 * hourMs);
      subject.pass(yearMs);
      await live(start(), 20 * hourMs);
      subject.pass(-yearMs);
      const last = start();
      await live(last, 26 * hourMs);
      expect(objects.keys()).toHaveLength(2);
      await live(last, 6 * dayMs);
      expect(objects.keys()).toEqual([]);
    }, 120_000);

    test("is one sweeper, however many processes there are", async () => {
      fill(300);
      const removed: string[] = [];
      objects.onRemove = (key) => void removed.push(key);
      const keepers = [start(), start(subject.two)];
      const swept = await Promise.all(keepers.map((keeper) => keeper.sweepNow("test")));
      expect(swept.filter((done) => done === undefined)).toHaveLength(1);
      expect(removed.toSorted()).toEqual([...new Set(removed)].sort());
      expect(removed).toHaveLength(300);
    }, 120_000);

    test("keeps to its rate", async () => {
      fill(250);
      const keeper = start(subject.one, week, 500);
      const begin = performance.now();
      expect(await keeper.sweepNow("test")).toMatchObject({ objects: 250 });
      expect(performance.now() - begin).toBeGreaterThanOrEqual(490);
    }, 120_000);

    test("never leaves a tag without its object, whenever it is added", async () => {
      const rounds = Number(Bun.env.RETENTION_RACE_ROUNDS ?? "60");
      for (let round = 0; round < rounds; round += 1) {
        objects.set(keyOf(round), 1, new Date(subject.now() - 30 * dayMs));
        await subject.one.store.objects.addListed([
          { projectId, objectId: idOf(round), sizeBytes: 1, storedAt: new Date(subject.now() - 30 * dayMs) },
        ]);
        const tagging = async () => {
          // As whoever tags does: it is looked for first.
          if ((await objects.stat(keyOf(round))) === undefined) return false;
          return tag(round, `t${round}`).then(
            () => true,
            () => false,
          );
        };
        const [isTagged] = await Promise.all([tagging(), start().sweepNow("test")]);
        expect([round, isTagged, objects.keys().includes(keyOf(round))]).toEqual([round, isTagged, isTagged]);
      }
    }, 300_000);

    test("goes on after a crash in any place, and no row is left without its object", async () => {
      fill(40);
      for (let number = 0; number < 40; number += 1) await tag(number, "shared");
      const rules = { untaggedDays: 7, taggedDays: 7, tags: [] };
      for (let crash = 0; crash < 20; crash += 1) {
        let removals = 0;
        objects.onRemove = () => {
          removals += 1;
          if (removals > 1 + (crash % 3)) throw new Error("killed");
        };
        await start(subject.one, rules, 3 + (crash % 5))
          .sweepNow("test")
          .catch(() => {});
        const tagged = await subject.one.catalog.listTagged(projectId, "shared");
        const missing = tagged.filter(({ objectId }) => !objects.keys().includes(`local/${projectId}/${objectId}`));
        expect(missing).toEqual([]);
      }
      objects.onRemove = () => {};
      await start(subject.one, rules).sweepNow("test");
      expect(objects.keys()).toEqual([]);
      expect(await subject.one.catalog.listTags(projectId)).toEqual([]);
      expect(await subject.one.store.objects.usageOf(projectId)).toEqual({ bytes: 0, objects: 0 });
    }, 120_000);

    test("brings the table in line with the store, whatever was lost or left behind, from where it was killed", async () => {
      fill(1_200);
      for (let number = 0; number < 1_200; number += 100) {
        await subject.one.store.objects.add({ projectId, objectId: idOf(number + 5_000), sizeBytes: 9 });
      }
      let pages = 0;
      const dying = start();
      const { scan } = objects;
      objects.scan = async function* (prefix, after) {
        for await (const object of scan(prefix, after)) {
          pages += 1;
          if (pages === 700) throw new Error("killed");
          yield object;
        }
      };
      await expect(dying.round()).rejects.toThrow("killed");
      expect((await subject.one.store.state.read()).state).toMatchObject({ listedObjects: 500, listedAt: undefined });
      const resumed: (string | undefined)[] = [];
      objects.scan = (prefix, after) => {
        resumed.push(after);
        return scan(prefix, after);
      };
      const next = start();
      await next.round();
      expect(resumed).toEqual([keyOf(499)]);
      expect(await subject.one.store.objects.usageOf(projectId)).toEqual({ bytes: 1_200, objects: 1_200 });
      await objects.remove(keyOf(7));
      objects.set(keyOf(2_000), 4, new Date(subject.now()));
      await live(next, 25 * hourMs);
      expect(await subject.one.store.objects.usageOf(projectId)).toMatchObject({ bytes: 4 });
    }, 60_000);

    test("frees what a killed process had reserved", async () => {
      const keeper = start();
      await keeper.round();
      const quota = { projectQuota: 100, nodeQuota: 0, takesLess: false };
      const reserved = { id: crypto.randomUUID(), projectId, holder: crypto.randomUUID(), bytes: 60, ...quota };
      await subject.one.store.reservations.reserve(reserved);
      await live(keeper, hourMs);
      expect(await subject.one.store.objects.readNode()).toMatchObject({ reservedBytes: 0 });
    }, 120_000);
  });
}

test("what goes besides waits for the end of the preview, and then comes once an hour, without a table of objects", async () => {
  const sqlite = retentionDatabases[0];
  const subject = await sqlite?.open();
  if (subject === undefined) throw new Error("SQLite is always there");
  let steadyMs = 0;
  let calls = 0;
  const { log } = createTestLog();
  const keeper = createRetentionKeeper({
    store: subject.one.store,
    objects: bareObjects(),
    rules: { untaggedDays: 0, taggedDays: 0, tags: [], intermediateDays: 30 },
    isCounting: false,
    holder: crypto.randomUUID(),
    perSecond: 1,
    steadyNow: () => steadyMs,
    log,
    besides: async () => {
      calls += 1;
    },
  });
  const pass = async (ms: number) => {
    steadyMs += ms;
    subject.pass(ms);
    await keeper.round();
  };
  await keeper.round();
  for (let hour = 0; hour < 23; hour += 1) await pass(hourMs);
  expect(calls).toBe(0);
  await pass(2 * hourMs);
  expect(calls).toBe(1);
  await pass(hourMs / 2);
  expect(calls).toBe(1);
  await pass(hourMs / 2);
  expect(calls).toBe(2);
  expect((await subject.one.store.state.read()).state.listedAt).toBeUndefined();
  await subject.close();
}, 60_000);
