import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Catalog, NewTaggedResult } from "../../src/catalog/catalog.ts";
import type { NewSubmission, SubmissionStore } from "../../src/submissions/store/submission-store.ts";
import { newSubmission } from "../submissions/new-submission.ts";

export interface CatalogUnderTest {
  readonly catalog: Catalog;
  countRows(table: "tag" | "result" | "taggedresult"): Promise<number>;
  /** Another connection to the same rows, as another process has one. */
  readonly other: Catalog;
  /** The queue of finals in the same database. */
  readonly submissions: SubmissionStore;
  dispose(): Promise<void>;
}

/** What every catalog promises, whatever database it stands on. */
export function describeCatalog(name: string, open: () => Promise<CatalogUnderTest>): void {
  describe(name, () => {
    let subject: CatalogUnderTest;
    let catalog: Catalog;
    beforeAll(async () => {
      subject = await open();
      catalog = subject.catalog;
    });
    afterAll(async () => await subject?.dispose());

    const countAll = async () => ({
      tags: await subject.countRows("tag"),
      results: await subject.countRows("result"),
      links: await subject.countRows("taggedresult"),
    });

    test("what was tagged is found under its tag, and its file name by analysis and object", async () => {
      const entry = newEntry();
      expect(await catalog.tag(entry)).toEqual({ knownAs: entry.filename });
      expect(await catalog.listTags(entry.projectId)).toEqual([entry.tagName]);
      expect(await catalog.listTagged(entry.projectId, entry.tagName)).toEqual([asTagged(entry)]);
      expect(await catalog.findFilename(entry.clientId, entry.objectId)).toBe(entry.filename);
    });

    test("nothing is found where nothing was tagged", async () => {
      const { projectId, clientId, objectId, tagName } = newEntry();
      expect(await catalog.listTags(projectId)).toEqual([]);
      expect(await catalog.listTagged(projectId, tagName)).toEqual([]);
      expect(await catalog.findFilename(clientId, objectId)).toBeUndefined();
    });

    test("tagging again changes nothing", async () => {
      const entry = newEntry();
      await catalog.tag(entry);
      const before = await countAll();
      expect(await catalog.tag(entry)).toEqual({ knownAs: entry.filename });
      expect(await countAll()).toEqual(before);
    });

    test("twenty analyses that race to tag the same object make one link", async () => {
      const entry = newEntry();
      const before = await countAll();
      await Promise.all(Array.from({ length: 20 }, () => catalog.tag(entry)));
      expect(await countAll()).toEqual({
        tags: before.tags + 1,
        results: before.results + 1,
        links: before.links + 1,
      });
    });

    test("an object may carry several tags", async () => {
      const entry = newEntry();
      await catalog.tag(entry);
      await catalog.tag({ ...entry, tagName: "second" });
      expect(await catalog.listTags(entry.projectId)).toEqual([entry.tagName, "second"]);
      expect(await catalog.listTagged(entry.projectId, "second")).toEqual([asTagged(entry)]);
    });

    test("each analysis of a project has its own name for an object", async () => {
      const first = newEntry();
      const second = { ...first, clientId: crypto.randomUUID(), filename: "other.csv" };
      await catalog.tag(first);
      expect(await catalog.tag(second)).toEqual({ knownAs: "other.csv" });
      expect(await catalog.listTagged(first.projectId, first.tagName)).toEqual([asTagged(first), asTagged(second)]);
      expect(await catalog.findFilename(second.clientId, second.objectId)).toBe("other.csv");
    });

    test("projects do not see each other's tags of the same name", async () => {
      const [first, second] = [newEntry(), newEntry()];
      await catalog.tag(first);
      await catalog.tag(second);
      expect(await catalog.listTagged(first.projectId, "a-tag")).toEqual([asTagged(first)]);
      expect(await catalog.listTagged(second.projectId, "a-tag")).toEqual([asTagged(second)]);
    });

    test("an object known under another file name is not tagged, and no tag is made", async () => {
      const entry = newEntry();
      await catalog.tag(entry);
      const before = await countAll();
      const clash = { ...entry, tagName: "new-tag", filename: "renamed.csv" };
      expect(await catalog.tag(clash)).toEqual({ knownAs: entry.filename });
      expect(await countAll()).toEqual(before);
      expect(await catalog.listTags(entry.projectId)).toEqual([entry.tagName]);
      expect(await catalog.findFilename(entry.clientId, entry.objectId)).toBe(entry.filename);
    });

    test("tags and results are listed oldest first", async () => {
      const { projectId } = newEntry();
      const tagNames = ["zebra", "apple", "mango", "banana"];
      const entries = tagNames.flatMap((tagName) => [
        newEntry({ projectId, tagName, filename: "z" }),
        newEntry({ projectId, tagName, filename: "a" }),
      ]);
      for (const entry of entries) {
        await catalog.tag(entry);
      }
      expect(await catalog.listTags(projectId)).toEqual(tagNames);
      for (const tagName of tagNames) {
        const expected = entries.filter((entry) => entry.tagName === tagName).map(asTagged);
        expect(await catalog.listTagged(projectId, tagName)).toEqual(expected);
      }
    });

    test("a result is as old under a tag as its link, not as the result itself", async () => {
      const older = newEntry();
      const younger = newEntry({ projectId: older.projectId });
      for (const entry of [older, younger, { ...younger, tagName: "late" }, { ...older, tagName: "late" }]) {
        await catalog.tag(entry);
      }
      expect(await catalog.listTagged(older.projectId, "late")).toEqual([asTagged(younger), asTagged(older)]);
    });

    test("a file name of up to 255 characters of any script comes back as it was", async () => {
      const filenames = fc.oneof(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 50 }),
        fc.constantFrom("x".repeat(255), "é".repeat(255), "🔥".repeat(255), "Ergebnis %'\"\\;--.csv", " ", "결과.pkl"),
      );
      await fc.assert(
        fc.asyncProperty(filenames, async (filename) => {
          const entry = newEntry({ filename });
          expect(await catalog.tag(entry)).toEqual({ knownAs: filename });
          expect(await catalog.findFilename(entry.clientId, entry.objectId)).toBe(filename);
        }),
        { numRuns: 40 },
      );
    });

    test("removing a project removes its tags and results, and nobody else's", async () => {
      const gone = newEntry();
      const stays = newEntry();
      await catalog.tag(stays);
      const before = await countAll();
      await catalog.tag(gone);
      await catalog.tag({ ...gone, tagName: "second" });
      await catalog.tag({ ...gone, clientId: crypto.randomUUID() });

      await catalog.removeProject(gone.projectId);
      expect(await countAll()).toEqual(before);
      expect(await catalog.listTags(gone.projectId)).toEqual([]);
      expect(await catalog.listTagged(stays.projectId, stays.tagName)).toEqual([asTagged(stays)]);
    });

    test("removing a project again, or one that never was, changes nothing", async () => {
      const { projectId } = newEntry();
      const before = await countAll();
      await catalog.removeProject(projectId);
      await catalog.removeProject(projectId);
      expect(await countAll()).toEqual(before);
    });

    test("a removed project stays removed: nothing is tagged for it any more, by any process", async () => {
      const entry = newEntry();
      await catalog.tag(entry);
      expect([await catalog.isRemoved(entry.projectId), await catalog.listRemoved()]).toEqual([
        false,
        expect.not.arrayContaining([entry.projectId]),
      ]);
      await catalog.removeProject(entry.projectId);
      const before = await countAll();
      for (const late of [entry, newEntry({ projectId: entry.projectId })]) {
        expect(await catalog.tag(late)).toBeUndefined();
        expect(await subject.other.tag(late)).toBeUndefined();
      }
      expect(await countAll()).toEqual(before);
      expect(await subject.other.isRemoved(entry.projectId)).toBe(true);
      expect(await subject.other.listRemoved()).toContain(entry.projectId);
    });

    test("tagging and removing a project at the same time leaves no row, and tells those that came too late", async () => {
      for (let round = 0; round < 10; round += 1) {
        const { projectId } = newEntry();
        const known = newEntry({ projectId });
        await catalog.tag(known);
        const before = await countAll();
        const tag = (from: Catalog, index: number) =>
          from.tag(
            newEntry({
              projectId,
              tagName: `tag-${index % 3}`,
              ...(index % 4 ? {} : { objectId: known.objectId, clientId: known.clientId }),
            }),
          );
        await Promise.all([
          ...Array.from({ length: 6 }, (_, index) => tag(index % 2 ? catalog : subject.other, index)),
          catalog.removeProject(projectId),
          ...Array.from({ length: 6 }, (_, index) => tag(index % 2 ? catalog : subject.other, index)),
          subject.other.removeProject(projectId),
        ]);
        expect(await catalog.listTags(projectId)).toEqual([]);
        expect(await countAll()).toEqual({
          tags: before.tags - 1,
          results: before.results - 1,
          links: before.links - 1,
        });
      }
    });

    test("a project's submissions go with it, in whatever state, and none of others", async () => {
      const { submissions } = subject;
      const lease = { holder: "me", leaseMs: 60_000 };
      const projectId = crypto.randomUUID();
      const add = async (part: Partial<NewSubmission>) => {
        const added = newSubmission({ analysisId: crypto.randomUUID(), ...part });
        expect(await submissions.add(added, lease)).toBe("first");
        return added;
      };
      const gone = [await add({ projectId }), await add({ projectId }), await add({ projectId }), await add({})];
      await submissions.markRejected(gone[1]?.id ?? "", "me", "no");
      await submissions.markDelivered(gone[2]?.id ?? "", "me");
      const stay = [await add({ projectId: crypto.randomUUID() }), await add({})];
      expect(await submissions.listWithoutProject()).toContainValues([
        gone[3]?.analysisId ?? "",
        stay[1]?.analysisId ?? "",
      ]);
      const removed = await catalog.removeProject(projectId, [gone[3]?.analysisId ?? ""]);
      expect(removed.toSorted()).toEqual(gone.map(({ id }) => id).sort());
      for (const { id } of gone) expect(await submissions.find(id)).toBeUndefined();
      for (const { id } of stay) expect(await submissions.find(id)).toMatchObject({ id });
      expect(await submissions.add(newSubmission({ projectId }), lease)).toBe("removed");
      expect(await catalog.removeProject(projectId)).toEqual([]);
      for (const { id } of stay) await submissions.remove(id);
    });

    test("a submission is added before its project is removed, and goes, or is told that it came too late", async () => {
      const lease = { holder: "me", leaseMs: 60_000 };
      const places: string[] = [];
      for (let round = 0; round < 10; round += 1) {
        const projectId = crypto.randomUUID();
        const added = Array.from({ length: 8 }, () => newSubmission({ projectId, analysisId: crypto.randomUUID() }));
        const adding = added.map(async (one, index) => {
          await Bun.sleep(index % 4);
          places.push(await subject.submissions.add(one, lease));
        });
        await Promise.all([...adding, Bun.sleep(round % 5).then(() => subject.other.removeProject(projectId))]);
        for (const { id } of added) expect(await subject.submissions.find(id)).toBeUndefined();
      }
      expect(new Set(places)).toEqual(new Set(["first", "removed"]));
    });

    test("a check passes while the database answers", async () => {
      expect(await catalog.check()).toBeUndefined();
    });
  });
}

export function newEntry(part: Partial<NewTaggedResult> = {}): NewTaggedResult {
  return {
    projectId: crypto.randomUUID(),
    clientId: crypto.randomUUID(),
    objectId: crypto.randomUUID(),
    tagName: "a-tag",
    filename: "data.bin",
    ...part,
  };
}

function asTagged({ objectId, filename }: NewTaggedResult) {
  return { objectId, filename };
}
