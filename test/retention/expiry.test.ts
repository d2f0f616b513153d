import { beforeEach, expect, test } from "bun:test";
import {
  analysisId,
  describeStores,
  holder,
  hourMs,
  idOf,
  lease,
  object,
  other,
  otherId,
  projectId,
} from "./store-suite.ts";

describeStores("expiry", (suite) => {
  const expire = (numbers: readonly number[], isDue = (_: { readonly tags: readonly string[] }) => true) =>
    suite.store.expiry.expire({ holder, projectId, objectIds: numbers.map(idOf), isDue, actor: "retention" });

  beforeEach(() => suite.store.state.acquire(lease));

  test("takes rows, links and tags that nothing carries, and puts it on record", async () => {
    for (const number of [1, 2, 3]) await suite.store.objects.add(object(number, number));
    await suite.tag(1, "gone");
    await suite.tag(1, "shared");
    await suite.tag(2, "shared");
    const expired = await expire([1, 3]);
    expect(expired?.map(({ objectId, tags }) => [objectId, tags.toSorted()])).toEqual([
      [idOf(1), ["gone", "shared"]],
      [idOf(3), []],
    ]);
    expect(await suite.subject.one.catalog.listTags(projectId)).toEqual(["shared"]);
    expect(await suite.subject.one.catalog.listTagged(projectId, "shared")).toHaveLength(1);
    expect(await suite.subject.one.catalog.findFilename(analysisId, idOf(1))).toBeUndefined();
    expect(await suite.store.objects.usageOf(projectId)).toEqual({ bytes: 2, objects: 1 });
    expect(await suite.store.objects.find(object(1))).toBeUndefined();
    await suite.subject.record.seal();
    expect(await suite.subject.record.readAfter({}, 0, 10)).toMatchObject([
      { event: "result.expired", actor: "retention", projectId, objectId: idOf(1), bytes: 1, outcome: "ok" },
      { event: "result.expired", objectId: idOf(3), bytes: 3 },
    ]);
  });

  test("forgets what an expired object hashed to, and nothing else", async () => {
    const { digests } = suite.subject;
    for (const id of [object(1), object(2)]) await suite.store.objects.add(id);
    for (const id of [object(1), object(2), object(1, 1, otherId)]) {
      await digests.set(id.projectId, id.objectId, "0".repeat(64));
    }
    await expire([1]);
    expect(await digests.find(projectId, idOf(1))).toBeUndefined();
    expect(await digests.find(projectId, idOf(2))).toBe("0".repeat(64));
    expect(await digests.find(otherId, idOf(1))).toBe("0".repeat(64));
  });

  test("judges by the tags that an object has at that very moment", async () => {
    await suite.store.objects.add(object(1));
    await suite.tag(1, "late");
    expect(await expire([1], ({ tags }) => tags.length === 0)).toEqual([]);
    expect(await suite.subject.one.catalog.listTagged(projectId, "late")).toHaveLength(1);
  });

  test("happens to nothing where somebody else holds the lease", async () => {
    await suite.store.objects.add(object(1));
    await suite.store.state.release(holder);
    expect(await expire([1])).toBeUndefined();
    await suite.store.state.acquire({ ...lease, holder: other });
    expect(await expire([1])).toBeUndefined();
    expect(await suite.store.objects.usageOf(projectId)).toMatchObject({ objects: 1 });
  });

  test("lets nobody tag an object any more, until long after its file is gone", async () => {
    await suite.store.objects.add(object(1));
    await expire([1]);
    expect(await suite.store.expiry.listExpired(10)).toMatchObject([{ objectId: idOf(1) }]);
    await expect(suite.tag(1, "late")).rejects.toMatchObject({
      code: "not_found",
      message: `Object with ID ${idOf(1)} does not exist`,
    });
    await suite.store.expiry.markRemoved([object(1)]);
    expect(await suite.store.expiry.listExpired(10)).toEqual([]);
    await suite.store.expiry.forget(hourMs);
    await expect(suite.tag(1, "late")).rejects.toMatchObject({ code: "not_found" });
    const again = [{ ...object(1), storedAt: new Date(0) }];
    expect(await suite.store.objects.addListed(again)).toEqual([]);
    expect(await suite.store.objects.listIds(undefined, undefined, 10)).toEqual([]);
    suite.subject.pass(2 * hourMs);
    await suite.store.expiry.forget(hourMs);
    expect(await suite.store.objects.addListed(again)).toHaveLength(1);
    expect(await suite.subject.one.catalog.listTags(projectId)).toEqual([]);
  });

  test("and tagging at the same time leave either the object or no tag", async () => {
    for (let round = 0; round < 50; round += 1) {
      await suite.store.objects.add(object(round));
      const tagging = suite.subject.two.catalog
        .tag({ projectId, clientId: analysisId, objectId: idOf(round), tagName: `t${round}`, filename: "f" })
        .then(
          () => true,
          () => false,
        );
      const expiring = expire([round], ({ tags }) => tags.length === 0);
      const [isTagged, expired] = await Promise.all([tagging, expiring]);
      expect([round, isTagged, expired?.length]).toEqual([round, isTagged, isTagged ? 0 : 1]);
      const names = await suite.subject.one.catalog.listTags(projectId);
      expect(names.includes(`t${round}`)).toBe(isTagged);
    }
  }, 60_000);
});
