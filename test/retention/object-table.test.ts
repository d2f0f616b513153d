import { expect, test } from "bun:test";
import { describeStores, hourMs, idOf, object, otherId, projectId } from "./store-suite.ts";

describeStores("stored objects", (suite) => {
  test("count once, however often they are added, and no more when they are removed", async () => {
    await suite.store.objects.add(object(1, 5));
    await suite.store.objects.add(object(1, 5));
    await suite.store.objects.add(object(2, 7));
    await suite.store.objects.add(object(3, 100, otherId));
    expect(await suite.store.objects.usageOf(projectId)).toEqual({ bytes: 12, objects: 2 });
    expect(await suite.store.objects.listUsage(0, 10)).toEqual([
      { projectId: otherId, bytes: 100, objects: 1 },
      { projectId, bytes: 12, objects: 2 },
    ]);
    await suite.store.objects.remove(object(1));
    await suite.store.objects.remove(object(1));
    expect(await suite.store.objects.usageOf(projectId)).toEqual({ bytes: 7, objects: 1 });
    await suite.store.objects.removeProject(projectId);
    expect(await suite.store.objects.usageOf(projectId)).toEqual({ bytes: 0, objects: 0 });
    expect(await suite.store.objects.readNode()).toMatchObject({ bytes: 100, objects: 1, projects: 1 });
  });

  test("are sums that any number of processes at once keep right", async () => {
    const work = Array.from({ length: 40 }, async (_, index) => {
      const mine = index % 2 ? suite.subject.two.store : suite.store;
      await mine.objects.add(object(index, index));
      if (index % 4 === 0) await mine.objects.remove(object(index));
      if (index % 10 === 0) await mine.objects.recount();
    });
    await Promise.all(work);
    const kept = Array.from({ length: 40 }, (_, index) => index).filter((index) => index % 4 !== 0);
    const sums = { bytes: kept.reduce((sum, index) => sum + index, 0), objects: kept.length };
    expect(await suite.store.objects.usageOf(projectId)).toEqual(sums);
    await suite.store.objects.recount();
    expect(await suite.store.objects.usageOf(projectId)).toEqual(sums);
  });

  test("of a listing keep their age, but none is younger than now", async () => {
    const storedAt = new Date(suite.subject.now() - 100 * hourMs);
    const future = new Date(suite.subject.now() + 100 * hourMs);
    await suite.store.objects.add(object(1, 3));
    const added = await suite.store.objects.addListed([
      { ...object(1, 3), storedAt },
      { ...object(2, 4), storedAt },
      { ...object(3, 5), storedAt: future },
    ]);
    expect(added.map(({ objectId }) => objectId)).toEqual([idOf(2), idOf(3)]);
    expect(await suite.store.objects.usageOf(projectId)).toEqual({ bytes: 12, objects: 3 });
    const [first, second, third] = await suite.store.objects.page(undefined, 10);
    expect(Math.abs((first?.storedAt.getTime() ?? 0) - suite.subject.now())).toBeLessThan(hourMs);
    expect(second?.storedAt).toEqual(storedAt);
    expect(third?.storedAt.getTime()).toBeLessThan(future.getTime() - hourMs);
  });

  test("of a removed project are not taken from a listing", async () => {
    await suite.subject.one.catalog.removeProject(projectId, []);
    expect(await suite.store.objects.addListed([{ ...object(1), storedAt: new Date(0) }])).toEqual([]);
    expect(await suite.store.objects.usageOf(projectId)).toEqual({ bytes: 0, objects: 0 });
  });

  test("come page by page with their own tags", async () => {
    for (const number of [1, 2, 3]) await suite.store.objects.add(object(number));
    await suite.store.objects.add(object(4, 1, otherId));
    await suite.tag(2, "a");
    await suite.tag(2, "b", crypto.randomUUID());
    const first = await suite.store.objects.page(undefined, 3);
    expect(first.map(({ objectId, tags }) => [objectId, tags.toSorted()])).toEqual([
      [idOf(1), []],
      [idOf(2), ["a", "b"]],
      [idOf(3), []],
    ]);
    const second = await suite.store.objects.page(first.at(-1), 3);
    expect(second.map((found) => found.projectId)).toEqual([otherId]);
    expect(await suite.store.objects.find(object(2))).toMatchObject({ sizeBytes: 10 });
    expect(await suite.store.objects.find(object(9))).toBeUndefined();
    const ids = await suite.store.objects.listIds(object(1), object(3), 10);
    expect(ids.map(({ objectId }) => objectId)).toEqual([idOf(2), idOf(3)]);
  });

  test("are noted day by day", async () => {
    await suite.store.objects.add(object(1, 5));
    await suite.store.objects.noteDay("2026-01-01", "2025-01-01");
    await suite.store.objects.add(object(2, 5));
    await suite.store.objects.noteDay("2026-01-01", "2025-01-01");
    await suite.store.objects.noteDay("2026-01-02", "2025-01-01");
    expect(await suite.store.objects.listDays()).toEqual([
      { day: "2026-01-01", bytes: 10, objects: 2 },
      { day: "2026-01-02", bytes: 10, objects: 2 },
    ]);
    await suite.store.objects.noteDay("2026-01-03", "2026-01-02");
    expect((await suite.store.objects.listDays()).map(({ day }) => day)).toEqual(["2026-01-02", "2026-01-03"]);
  });
});
