import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Reserve } from "../../src/retention/reservations.ts";
import type { RetentionStore } from "../../src/retention/retention-store.ts";
import { retentionDatabases, type TestRetention } from "./databases.ts";

const projectId = "10000000-0000-4000-8000-000000000001";
const otherId = "10000000-0000-4000-8000-000000000002";
const analysisId = "20000000-0000-4000-8000-000000000001";
const hourMs = 3_600_000;
const idOf = (number: number) => `30000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const object = (number: number, sizeBytes = 10, project = projectId) => {
  return { projectId: project, objectId: idOf(number), sizeBytes };
};
const holder = crypto.randomUUID();
const other = crypto.randomUUID();
const lease = { holder, leaseMs: 60_000 };

for (const { name, isThere, open } of retentionDatabases) {
  describe.skipIf(!isThere)(`what retention keeps in ${name}`, () => {
    let subject: TestRetention;
    let store: RetentionStore;
    beforeAll(async () => {
      subject = await open();
      store = subject.one.store;
    });
    beforeEach(() => subject.empty());
    afterAll(async () => await subject?.close());

    const tag = (number: number, tagName: string, by = analysisId) =>
      subject.one.catalog.tag({
        projectId,
        clientId: by,
        objectId: idOf(number),
        tagName,
        filename: `${number}.txt`,
      });
    const expire = (numbers: readonly number[], isDue = (_: { readonly tags: readonly string[] }) => true) =>
      store.expiry.expire({ holder, projectId, objectIds: numbers.map(idOf), isDue, actor: "retention" });

    describe("stored objects", () => {
      test("count once, however often they are added, and no more when they are removed", async () => {
        await store.objects.add(object(1, 5));
        await store.objects.add(object(1, 5));
        await store.objects.add(object(2, 7));
        await store.objects.add(object(3, 100, otherId));
        expect(await store.objects.usageOf(projectId)).toEqual({ bytes: 12, objects: 2 });
        expect(await store.objects.listUsage(0, 10)).toEqual([
          { projectId: otherId, bytes: 100, objects: 1 },
          { projectId, bytes: 12, objects: 2 },
        ]);
        await store.objects.remove(object(1));
        await store.objects.remove(object(1));
        expect(await store.objects.usageOf(projectId)).toEqual({ bytes: 7, objects: 1 });
        await store.objects.removeProject(projectId);
        expect(await store.objects.usageOf(projectId)).toEqual({ bytes: 0, objects: 0 });
        expect(await store.objects.readNode()).toMatchObject({ bytes: 100, objects: 1, projects: 1 });
      });

      test("are sums that any number of processes at once keep right", async () => {
        const work = Array.from({ length: 40 }, async (_, index) => {
          const mine = index % 2 ? subject.two.store : store;
          await mine.objects.add(object(index, index));
          if (index % 4 === 0) await mine.objects.remove(object(index));
          if (index % 10 === 0) await mine.objects.recount();
        });
        await Promise.all(work);
        const kept = Array.from({ length: 40 }, (_, index) => index).filter((index) => index % 4 !== 0);
        const sums = { bytes: kept.reduce((sum, index) => sum + index, 0), objects: kept.length };
        expect(await store.objects.usageOf(projectId)).toEqual(sums);
        await store.objects.recount();
        expect(await store.objects.usageOf(projectId)).toEqual(sums);
      });

      test("of a listing keep their age, but none is younger than now", async () => {
        const storedAt = new Date(subject.now() - 100 * hourMs);
        const future = new Date(subject.now() + 100 * hourMs);
        await store.objects.add(object(1, 3));
        const added = await store.objects.addListed([
          { ...object(1, 3), storedAt },
          { ...object(2, 4), storedAt },
          { ...object(3, 5), storedAt: future },
        ]);
        expect(added.map(({ objectId }) => objectId)).toEqual([idOf(2), idOf(3)]);
        expect(await store.objects.usageOf(projectId)).toEqual({ bytes: 12, objects: 3 });
        const [first, second, third] = await store.objects.page(undefined, 10);
        expect(Math.abs((first?.storedAt.getTime() ?? 0) - subject.now())).toBeLessThan(hourMs);
        expect(second?.storedAt).toEqual(storedAt);
        expect(third?.storedAt.getTime()).toBeLessThan(future.getTime() - hourMs);
      });

      test("of a removed project are not taken from a listing", async () => {
        await subject.one.catalog.removeProject(projectId, []);
        expect(await store.objects.addListed([{ ...object(1), storedAt: new Date(0) }])).toEqual([]);
        expect(await store.objects.usageOf(projectId)).toEqual({ bytes: 0, objects: 0 });
      });

      test("come page by page with their own tags", async () => {
        for (const number of [1, 2, 3]) await store.objects.add(object(number));
        await store.objects.add(object(4, 1, otherId));
        await tag(2, "a");
        await tag(2, "b", crypto.randomUUID());
        const first = await store.objects.page(undefined, 3);
        expect(first.map(({ objectId, tags }) => [objectId, tags.toSorted()])).toEqual([
          [idOf(1), []],
          [idOf(2), ["a", "b"]],
          [idOf(3), []],
        ]);
        const second = await store.objects.page(first.at(-1), 3);
        expect(second.map((found) => found.projectId)).toEqual([otherId]);
        expect(await store.objects.find(object(2))).toMatchObject({ sizeBytes: 10 });
        expect(await store.objects.find(object(9))).toBeUndefined();
        const ids = await store.objects.listIds(object(1), object(3), 10);
        expect(ids.map(({ objectId }) => objectId)).toEqual([idOf(2), idOf(3)]);
      });

      test("are noted day by day", async () => {
        await store.objects.add(object(1, 5));
        await store.objects.noteDay("2026-01-01", "2025-01-01");
        await store.objects.add(object(2, 5));
        await store.objects.noteDay("2026-01-01", "2025-01-01");
        await store.objects.noteDay("2026-01-02", "2025-01-01");
        expect(await store.objects.listDays()).toEqual([
          { day: "2026-01-01", bytes: 10, objects: 2 },
          { day: "2026-01-02", bytes: 10, objects: 2 },
        ]);
        await store.objects.noteDay("2026-01-03", "2026-01-02");
        expect((await store.objects.listDays()).map(({ day }) => day)).toEqual(["2026-01-02", "2026-01-03"]);
      });
    });

    describe("reservations", () => {
      const request = (part: Partial<Reserve> = {}): Reserve => ({
        id: crypto.randomUUID(),
        projectId,
        holder,
        bytes: 10,
        takesLess: false,
        projectQuota: 100,
        nodeQuota: 0,
        ...part,
      });

      test("of any number of processes at once stay within the quota", async () => {
        const stores = [store, subject.two.store];
        const grants = await Promise.all(
          Array.from({ length: 30 }, (_, index) => stores[index % 2]?.reservations.reserve(request())),
        );
        expect(grants.filter((grant) => grant !== undefined && "granted" in grant)).toHaveLength(10);
        expect(await store.objects.readNode()).toMatchObject({ reservedBytes: 100 });
      });

      test("take what is left where less will do, and tell what is used by others", async () => {
        await store.objects.add(object(1, 95));
        const id = crypto.randomUUID();
        expect(await store.reservations.reserve(request({ id }))).toEqual({
          exceeded: "project",
          usedBytes: 95,
          quotaBytes: 100,
        });
        const less = { id, takesLess: true };
        expect(await store.reservations.reserve(request(less))).toEqual({ granted: 5 });
        expect(await store.reservations.reserve(request(less))).toMatchObject({ exceeded: "project", usedBytes: 95 });
        expect(await store.reservations.reserve(request({ takesLess: true }))).toMatchObject({ usedBytes: 100 });
      });

      test("of the node count finals that wait, and every project", async () => {
        await store.objects.add(object(1, 40, otherId));
        const [id, sha256] = [crypto.randomUUID(), "0".repeat(64)];
        await subject.execute(
          `insert into submission (id, analysis_id, filename, content_type, size_bytes, sha256, submitted_at, state, next_attempt_at, is_fixed, attempts)
           values ('${id}', '${analysisId}', 'f', 't', 50, '${sha256}', ${moment()}, 'queued', ${moment()}, ${no()}, 0)`,
        );
        const whole = { projectQuota: 0, nodeQuota: 100 };
        expect(await store.reservations.reserve(request({ ...whole, bytes: 11 }))).toEqual({
          exceeded: "node",
          usedBytes: 90,
          quotaBytes: 100,
        });
        expect(await store.reservations.reserve(request({ ...whole, bytes: 10 }))).toEqual({ granted: 10 });
        expect(await store.objects.readNode()).toMatchObject({ waitingBytes: 50, reservedBytes: 10, bytes: 40 });
      });
      const moment = () => (name === "SQLite" ? "0" : "now()");
      const no = () => (name === "SQLite" ? "0" : "false");

      test("end with the object that they were for, when they are released, or when nobody renews them", async () => {
        const ids = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()] as const;
        for (const id of ids) await store.reservations.reserve(request({ id }));
        await store.objects.add(object(1, 4), ids[0]);
        await store.reservations.release(ids[1]);
        expect(await store.objects.readNode()).toMatchObject({ reservedBytes: 10, bytes: 4 });
        subject.pass(hourMs);
        await store.reservations.renew(holder);
        expect(await store.reservations.dropStale(hourMs / 2)).toBe(0);
        subject.pass(hourMs);
        expect(await store.reservations.dropStale(hourMs / 2)).toBe(1);
        expect(await store.objects.readNode()).toMatchObject({ reservedBytes: 0 });
      });
    });

    describe("expiry", () => {
      beforeEach(() => store.state.acquire(lease));

      test("takes rows, links and tags that nothing carries, and puts it on record", async () => {
        for (const number of [1, 2, 3]) await store.objects.add(object(number, number));
        await tag(1, "gone");
        await tag(1, "shared");
        await tag(2, "shared");
        const expired = await expire([1, 3]);
        expect(expired?.map(({ objectId, tags }) => [objectId, tags.toSorted()])).toEqual([
          [idOf(1), ["gone", "shared"]],
          [idOf(3), []],
        ]);
        expect(await subject.one.catalog.listTags(projectId)).toEqual(["shared"]);
        expect(await subject.one.catalog.listTagged(projectId, "shared")).toHaveLength(1);
        expect(await subject.one.catalog.findFilename(analysisId, idOf(1))).toBeUndefined();
        expect(await store.objects.usageOf(projectId)).toEqual({ bytes: 2, objects: 1 });
        expect(await store.objects.find(object(1))).toBeUndefined();
        await subject.record.seal();
        expect(await subject.record.readAfter({}, 0, 10)).toMatchObject([
          { event: "result.expired", actor: "retention", projectId, objectId: idOf(1), bytes: 1, outcome: "ok" },
          { event: "result.expired", objectId: idOf(3), bytes: 3 },
        ]);
      });

      test("judges by the tags that an object has at that very moment", async () => {
        await store.objects.add(object(1));
        await tag(1, "late");
        expect(await expire([1], ({ tags }) => tags.length === 0)).toEqual([]);
        expect(await subject.one.catalog.listTagged(projectId, "late")).toHaveLength(1);
      });

      test("happens to nothing where somebody else holds the lease", async () => {
        await store.objects.add(object(1));
        await store.state.release(holder);
        expect(await expire([1])).toBeUndefined();
        await store.state.acquire({ ...lease, holder: other });
        expect(await expire([1])).toBeUndefined();
        expect(await store.objects.usageOf(projectId)).toMatchObject({ objects: 1 });
      });

      test("lets nobody tag an object any more, until long after its file is gone", async () => {
        await store.objects.add(object(1));
        await expire([1]);
        expect(await store.expiry.listExpired(10)).toMatchObject([{ objectId: idOf(1) }]);
        await expect(tag(1, "late")).rejects.toMatchObject({
          code: "not_found",
          message: `Object with ID ${idOf(1)} does not exist`,
        });
        await store.expiry.markRemoved([object(1)]);
        expect(await store.expiry.listExpired(10)).toEqual([]);
        await store.expiry.forget(hourMs);
        await expect(tag(1, "late")).rejects.toMatchObject({ code: "not_found" });
        const again = [{ ...object(1), storedAt: new Date(0) }];
        expect(await store.objects.addListed(again)).toEqual([]);
        expect(await store.objects.listIds(undefined, undefined, 10)).toEqual([]);
        subject.pass(2 * hourMs);
        await store.expiry.forget(hourMs);
        expect(await store.objects.addListed(again)).toHaveLength(1);
        expect(await subject.one.catalog.listTags(projectId)).toEqual([]);
      });

      test("and tagging at the same time leave either the object or no tag", async () => {
        for (let round = 0; round < 50; round += 1) {
          await store.objects.add(object(round));
          const tagging = subject.two.catalog
            .tag({ projectId, clientId: analysisId, objectId: idOf(round), tagName: `t${round}`, filename: "f" })
            .then(
              () => true,
              () => false,
            );
          const expiring = expire([round], ({ tags }) => tags.length === 0);
          const [isTagged, expired] = await Promise.all([tagging, expiring]);
          expect([round, isTagged, expired?.length]).toEqual([round, isTagged, isTagged ? 0 : 1]);
          const names = await subject.one.catalog.listTags(projectId);
          expect(names.includes(`t${round}`)).toBe(isTagged);
        }
      }, 60_000);
    });

    describe("the state", () => {
      test("is worked on by one process at a time, until that one dies", async () => {
        const mine = subject.two.store.state;
        expect(await Promise.all([store.state.acquire(lease), mine.acquire({ ...lease, holder: other })])).toContain(
          true,
        );
        await subject.empty();
        expect(await store.state.acquire(lease)).toBe(true);
        expect(await mine.acquire({ ...lease, holder: other })).toBe(false);
        expect(await mine.write(other, { listedObjects: 1 })).toBe(false);
        expect(await store.state.acquire(lease)).toBe(true);
        subject.pass(61_000);
        expect(await mine.acquire({ ...lease, holder: other })).toBe(true);
        expect(await store.state.write(holder, { listedObjects: 1 })).toBe(false);
        await mine.release(other);
        expect(await store.state.acquire(lease)).toBe(true);
      });

      test("stays nobody's for long when the clock is set back", async () => {
        subject.pass(1_000 * hourMs);
        await store.state.acquire(lease);
        subject.pass(-1_000 * hourMs);
        expect(await subject.two.store.state.acquire({ ...lease, holder: other })).toBe(true);
      });

      test("reads as it was written", async () => {
        const before = await store.state.read();
        expect(before.state.clockAt).toBeUndefined();
        expect(Math.abs(before.now.getTime() - subject.now())).toBeLessThan(hourMs);
        await store.state.acquire(lease);
        const state = {
          clockAt: new Date("2026-01-01T00:00:00.123Z"),
          aheadMs: -5,
          unprovenMs: 6,
          provenForMs: 7,
          rules: "[1]",
          rulesSince: new Date("2026-01-02T00:00:00.456Z"),
          sweptAt: new Date("2026-01-03T00:00:00.789Z"),
          listingCursor: "local/a/b",
          listedObjects: 8,
          listedAt: new Date("2026-01-04T00:00:00.001Z"),
        };
        await store.state.write(holder, state);
        expect((await store.state.read()).state).toEqual(state);
        await store.state.write(holder, { listingCursor: undefined });
        expect((await store.state.read()).state).toEqual({ ...state, listingCursor: undefined });
      });

      test("lets what is stored after the clock was set back be no older than that", async () => {
        await store.state.acquire(lease);
        await store.state.write(holder, { clockAt: new Date(subject.now()), aheadMs: 0 });
        subject.pass(-1_000 * hourMs);
        await store.objects.add(object(1));
        const found = await store.objects.find(object(1));
        expect((found?.storedAt.getTime() ?? 0) - subject.now()).toBeGreaterThan(999 * hourMs);
        await store.objects.capStoredAt(new Date(5));
        expect((await store.objects.find(object(1)))?.storedAt).toEqual(new Date(5));
      });
    });

    test("sent intermediates are found by age, and those tried least come first", async () => {
      for (const number of [1, 2, 3]) await store.sent.add({ objectId: idOf(number), analysisId });
      const soon = new Date(subject.now() + hourMs);
      await store.sent.noteAttempt(idOf(1));
      expect((await store.sent.listOld(soon, 2)).map(({ objectId }) => objectId)).not.toContain(idOf(1));
      expect(await store.sent.listOld(new Date(subject.now() - hourMs), 9)).toEqual([]);
      await store.sent.remove(idOf(2));
      expect(await store.sent.listOld(soon, 9)).toHaveLength(2);
    });
  });
}
