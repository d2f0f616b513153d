import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { NewSubmission, SubmissionStore } from "../../src/submissions/store/submission-store.ts";
import { describeWaiting, later, mine, theirs } from "./contract-waiting.ts";
import { analysis, newSubmission, otherAnalysis } from "./new-submission.ts";

export interface StoreUnderTest {
  readonly store: SubmissionStore;
  /** Another connection to the same rows, as another process has one. */
  readonly other: SubmissionStore;
  /** For which one that has failed for 300 ms stands aside already. */
  readonly impatient: SubmissionStore;
  clear(): Promise<void>;
  /** Lets this much time pass for the store. */
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

/** What every store of submissions promises, whatever database it stands on. */
export function describeSubmissionStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let subject: StoreUnderTest;
    let store: SubmissionStore;
    beforeAll(async () => {
      subject = await open();
      store = subject.store;
    });
    beforeEach(() => subject.clear());
    afterAll(async () => await subject?.dispose());

    describeWaiting(() => subject);

    async function addDelivered(part: Partial<NewSubmission> = {}) {
      const added = newSubmission(part);
      await store.add(added, mine);
      expect(await store.markDelivered(added.id, "me")).toBe(true);
      return added;
    }

    test("the first submission of an analysis is held by whoever adds it, and keeps everything", async () => {
      const added = newSubmission();
      expect(await store.add(added, mine)).toBe("first");
      const found = await store.find(added.id);
      expect(found).toMatchObject({ ...added, state: "delivering", attempts: 1 });
      expect(found?.lastError).toBeUndefined();
      expect(found?.deliveredAt).toBeUndefined();
      expect(Math.abs((found?.submittedAt.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(await store.claim(theirs)).toBeUndefined();
    });

    test("adding again changes nothing and tells the same", async () => {
      const added = newSubmission();
      expect(await store.add(added, mine)).toBe("first");
      expect(await store.add(added, mine)).toBe("first");
      expect(await store.list(["queued", "delivering"])).toHaveLength(1);
      expect((await store.find(added.id))?.attempts).toBe(1);
    });

    test("a second one waits its turn, without being held; another analysis does not", async () => {
      const [first, second] = [newSubmission(), newSubmission()];
      await store.add(first, mine);
      expect(await store.add(second, mine)).toBe("behind");
      expect(await store.find(second.id)).toMatchObject({ state: "queued", attempts: 0 });
      expect(await store.add(newSubmission({ analysisId: otherAnalysis }), mine)).toBe("first");
      expect(await store.claim(theirs)).toBeUndefined();
      await store.markDelivered(first.id, "me");
      expect(await store.claim(theirs)).toEqual({ ...second, attempts: 1 });
    });

    test("behind one that waits for its next attempt, one is blocked", async () => {
      const [first, second] = [newSubmission(), newSubmission()];
      await store.add(first, mine);
      await store.postpone(first.id, "me", later(60_000));
      expect(await store.add(second, mine)).toBe("blocked");
      expect(await store.claim(mine)).toBeUndefined();
    });

    test("of two added at once for one analysis only one is held", async () => {
      const places = await Promise.all([
        store.add(newSubmission(), mine),
        subject.other.add(newSubmission(), theirs),
        store.add(newSubmission(), mine),
      ]);
      expect(places.sort()).toEqual(["behind", "behind", "first"]);
    });

    test("a project is known from the start, or is told later", async () => {
      const [projectId, laterId] = [crypto.randomUUID(), crypto.randomUUID()];
      const [known, unknown] = [newSubmission({ projectId }), newSubmission({ analysisId: otherAnalysis })];
      for (const added of [known, unknown]) await store.add(added, mine);
      expect(await store.listWithoutProject()).toEqual([otherAnalysis]);
      for (const analysisId of [analysis, otherAnalysis]) await store.setProject(analysisId, laterId);
      expect(await store.listWithoutProject()).toEqual([]);
      expect(await store.find(known.id)).toMatchObject({ projectId });
      expect(await store.find(unknown.id)).toMatchObject({ projectId: laterId });
    });

    test("a delivered one tells when, and is pending no more", async () => {
      const { id } = await addDelivered();
      const found = await store.find(id);
      expect(found).toMatchObject({ state: "delivered", attempts: 1, lastError: undefined });
      expect(found?.deliveredAt).toBeInstanceOf(Date);
      expect(await store.stats()).toEqual({ pending: 0, oldestSeconds: 0, standingAside: 0 });
      expect(await store.retry(id)).toBe(false);
    });

    test("a rejected one keeps its reason, lets the next one through, and can be tried again by an operator", async () => {
      const [first, second] = [newSubmission(), newSubmission()];
      await store.add(first, mine);
      await store.add(second, mine);
      expect(await store.markRejected(first.id, "me", "The file is gone")).toBe(true);
      expect(await store.find(first.id)).toMatchObject({ state: "rejected", lastError: "The file is gone" });
      expect((await store.find(first.id))?.deliveredAt).toBeUndefined();
      expect((await store.claim(mine))?.id).toBe(second.id);
      expect(await store.retry(first.id)).toBe(true);
      // The later one is under way already, which is not called back for it.
      expect((await store.claim(theirs))?.id).toBe(first.id);
    });

    test("the oldest that waits and how many do can be told", async () => {
      expect(await store.stats()).toEqual({ pending: 0, oldestSeconds: 0, standingAside: 0 });
      const [held, waiting] = [newSubmission(), newSubmission()];
      await store.add(held, mine);
      await subject.pass(300);
      await store.add(waiting, mine);
      const stats = await store.stats();
      expect(stats.pending).toBe(2);
      expect(stats.oldestSeconds).toBeGreaterThanOrEqual(0.3);
      expect(stats.oldestSeconds).toBeLessThan(30);
    });

    test("only what ended long ago is found as such", async () => {
      const old = await addDelivered();
      const rejected = newSubmission();
      await store.add(rejected, mine);
      await store.markRejected(rejected.id, "me", "no");
      await store.add(newSubmission(), mine);
      await subject.pass(300);
      await addDelivered({ analysisId: otherAnalysis });
      expect((await store.findEnded(200)).sort()).toEqual([old.id, rejected.id].sort());
      expect(await store.findEnded(60_000)).toEqual([]);
      await store.remove(old.id);
      await store.remove(old.id);
      expect(await store.find(old.id)).toBeUndefined();
    });

    test("lists by state, oldest first", async () => {
      const ids = [];
      for (let index = 0; index < 3; index++) ids.push((await addDelivered()).id);
      expect((await store.list(["delivered"])).map(({ id }) => id)).toEqual(ids);
      expect(await store.list(["queued", "rejected"])).toEqual([]);
    });
  });
}
