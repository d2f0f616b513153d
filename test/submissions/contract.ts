import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Lease, NewSubmission, SubmissionStore } from "../../src/submissions/store/submission-store.ts";

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

const analysis = "20000000-0000-4000-8000-000000000001";
const otherAnalysis = "20000000-0000-4000-8000-000000000002";

export function newSubmission(part: Partial<NewSubmission> = {}): NewSubmission {
  return {
    id: crypto.randomUUID(),
    analysisId: analysis,
    projectId: undefined,
    filename: "ü result.csv",
    contentType: "text/csv",
    sizeBytes: 5_000_000_000,
    sha256: "ab".repeat(32),
    ...part,
  };
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

    const mine: Lease = { holder: "me", leaseMs: 60_000 };
    const theirs: Lease = { holder: "them", leaseMs: 60_000 };
    const later = (delayMs: number, isFixed = false) => ({ delayMs, isFixed, reason: "The Hub cannot be reached" });
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

    test("a postponed one is due after its delay, not before, and counts its attempts", async () => {
      const added = newSubmission();
      await store.add(added, mine);
      expect(await store.postpone(added.id, "me", later(200))).toBe(true);
      expect(await store.find(added.id)).toMatchObject({
        state: "queued",
        attempts: 1,
        lastError: "The Hub cannot be reached",
      });
      expect(await store.claim(mine)).toBeUndefined();
      await subject.pass(250);
      expect(await store.claim(mine)).toEqual({ ...added, attempts: 2 });
    });

    test("one that waits for longer than any delay is due, for the clock must have been set back", async () => {
      const longest = { ownMs: 60_000, fixedMs: 3_600_000 };
      const added = newSubmission();
      await store.add(added, mine);
      for (const [delayMs, isFixed, isDue] of [
        [59_000, false, false],
        [61_000, false, true],
        [61_000, true, false],
        [3_605_000, true, true],
      ] as const) {
        await store.postpone(added.id, "me", later(delayMs, isFixed));
        expect(await store.claim(mine)).toBeUndefined();
        expect((await store.claim(mine, longest)) !== undefined).toBe(isDue);
        if (!isDue) await store.retry(added.id).then(() => store.claim(mine));
      }
    });

    test("waking makes due what waits by our own choice, not what the Hub has put off", async () => {
      const [ours, fixed] = [newSubmission(), newSubmission({ analysisId: otherAnalysis })];
      for (const [added, isFixed] of [
        [ours, false],
        [fixed, true],
      ] as const) {
        await store.add(added, mine);
        await store.postpone(added.id, "me", later(60_000, isFixed));
      }
      expect(await store.wake()).toBe(1);
      expect((await store.claim(mine))?.id).toBe(ours.id);
      expect(await store.claim(mine)).toBeUndefined();
    });

    test("what its holder has let go is taken over when the lease has run out, and the old holder has no say", async () => {
      const added = newSubmission();
      await store.add(added, { holder: "dead", leaseMs: 200 });
      expect(await subject.other.claim(theirs)).toBeUndefined();
      await subject.pass(250);
      expect(await subject.other.claim(theirs)).toEqual({ ...added, attempts: 2 });
      expect(await store.renew(added.id, { holder: "dead", leaseMs: 200 })).toBe(false);
      expect(await store.markDelivered(added.id, "dead")).toBe(false);
      expect(await store.markRejected(added.id, "dead", "no")).toBe(false);
      expect(await store.postpone(added.id, "dead", later(0))).toBe(false);
      expect(await store.find(added.id)).toMatchObject({ state: "delivering" });
      expect(await store.markDelivered(added.id, "them")).toBe(true);
    });

    test("one that has failed for long stands aside: it is still tried, and the next of its analysis goes before it", async () => {
      const { impatient } = subject;
      const [stuck, next, last] = [newSubmission(), newSubmission(), newSubmission()];
      await impatient.add(stuck, mine);
      await impatient.postpone(stuck.id, "me", later(0));
      await impatient.add(next, mine);
      expect(await impatient.claim(mine)).toEqual({ ...stuck, attempts: 2 });
      await subject.pass(350);
      // Also while it is being tried again.
      expect(await impatient.claim(theirs)).toEqual({ ...next, attempts: 1 });
      expect(await impatient.postpone(stuck.id, "me", later(60_000))).toBe(true);
      expect((await impatient.stats()).standingAside).toBe(1);
      expect(await impatient.find(stuck.id)).toMatchObject({ state: "queued", standsAside: true });
      expect((await impatient.list(["queued", "delivering"])).map(({ standsAside }) => standsAside)).toEqual([
        true,
        false,
      ]);
      expect(await impatient.markDelivered(next.id, "them")).toBe(true);
      expect(await impatient.add(last, mine)).toBe("first");
      expect(await impatient.retry(stuck.id)).toBe(true);
      expect(await impatient.find(stuck.id)).toMatchObject({ standsAside: false });
      expect((await impatient.claim(mine))?.id).toBe(stuck.id);
    });

    test("what was only put off, or given back at a stop, has not failed", async () => {
      const { impatient } = subject;
      const [first, second] = [newSubmission(), newSubmission()];
      await impatient.add(first, mine);
      await impatient.postpone(first.id, "me", { delayMs: 60_000, isFixed: false, reason: undefined });
      await impatient.add(second, mine);
      await subject.pass(350);
      expect(await impatient.claim(mine)).toBeUndefined();
      expect((await impatient.stats()).standingAside).toBe(0);
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

    test("a renewed lease lives on", async () => {
      const added = newSubmission();
      await store.add(added, { holder: "me", leaseMs: 200 });
      expect(await store.renew(added.id, mine)).toBe(true);
      await subject.pass(250);
      expect(await store.claim(theirs)).toBeUndefined();
    });

    test("many who claim at once never get the same one, and each analysis' in the order they came", async () => {
      const analyses = Array.from({ length: 5 }, () => crypto.randomUUID());
      const order = new Map<string, string[]>();
      for (let index = 0; index < 40; index++) {
        const analysisId = analyses[index % analyses.length] ?? "";
        const added = newSubmission({ analysisId });
        if ((await store.add(added, mine)) === "first") await store.postpone(added.id, "me", later(0));
        order.set(analysisId, [...(order.get(analysisId) ?? []), added.id]);
      }
      const got: { id: string; analysisId: string }[] = [];
      const work = async (from: SubmissionStore, holder: string) => {
        for (let idle = 0; got.length < 40 && idle < 200; ) {
          const held = await from.claim({ holder, leaseMs: 60_000 });
          if (held === undefined) {
            idle += 1;
            await Bun.sleep(1);
            continue;
          }
          got.push(held);
          await Bun.sleep(1);
          expect(await from.markDelivered(held.id, holder)).toBe(true);
        }
      };
      const workers = Array.from({ length: 6 }, (_, index) => work(index % 2 ? store : subject.other, `w${index}`));
      await Promise.all(workers);
      for (const [analysisId, ids] of order) {
        expect(got.filter((held) => held.analysisId === analysisId).map(({ id }) => id)).toEqual(ids);
      }
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

    test("what is held can be neither dropped nor hurried", async () => {
      const added = newSubmission();
      await store.add(added, mine);
      expect([await subject.other.drop(added.id), await subject.other.retry(added.id)]).toEqual([false, false]);
      await store.postpone(added.id, "me", later(60_000, true));
      expect(await subject.other.retry(added.id)).toBe(true);
      expect((await store.claim(mine))?.id).toBe(added.id);
      await store.postpone(added.id, "me", later(60_000));
      expect([await subject.other.drop(added.id), await subject.other.drop(added.id)]).toEqual([true, false]);
      expect(await store.find(added.id)).toBeUndefined();
      expect(await store.retry(added.id)).toBe(false);
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

    test("a process that is alone ends the leases of the dead", async () => {
      const added = newSubmission();
      await store.add(added, theirs);
      await store.releaseAll();
      expect(await store.claim(mine)).toEqual({ ...added, attempts: 2 });
    });

    test("lists by state, oldest first", async () => {
      const ids = [];
      for (let index = 0; index < 3; index++) ids.push((await addDelivered()).id);
      expect((await store.list(["delivered"])).map(({ id }) => id)).toEqual(ids);
      expect(await store.list(["queued", "rejected"])).toEqual([]);
    });
  });
}
