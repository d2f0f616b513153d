import { expect, test } from "bun:test";
import type { Lease, SubmissionStore } from "../../src/submissions/store/submission-store.ts";
import type { StoreUnderTest } from "./contract.ts";
import { newSubmission, otherAnalysis } from "./new-submission.ts";

export const mine: Lease = { holder: "me", leaseMs: 60_000 };
export const theirs: Lease = { holder: "them", leaseMs: 60_000 };
export const later = (delayMs: number, isFixed = false) => ({ delayMs, isFixed, reason: "The Hub cannot be reached" });

/** What a store promises about turns and leases: who delivers what, and when. */
export function describeWaiting(open: () => StoreUnderTest): void {
  test("a postponed one is due after its delay, not before, and counts its attempts", async () => {
    const subject = open();
    const { store } = subject;
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
    const subject = open();
    const { store } = subject;
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
    const subject = open();
    const { store } = subject;
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
    const subject = open();
    const { store } = subject;
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
    const subject = open();
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
    const subject = open();
    const { impatient } = subject;
    const [first, second] = [newSubmission(), newSubmission()];
    await impatient.add(first, mine);
    await impatient.postpone(first.id, "me", { delayMs: 60_000, isFixed: false, reason: undefined });
    await impatient.add(second, mine);
    await subject.pass(350);
    expect(await impatient.claim(mine)).toBeUndefined();
    expect((await impatient.stats()).standingAside).toBe(0);
  });

  test("a renewed lease lives on", async () => {
    const subject = open();
    const { store } = subject;
    const added = newSubmission();
    await store.add(added, { holder: "me", leaseMs: 200 });
    expect(await store.renew(added.id, mine)).toBe(true);
    await subject.pass(250);
    expect(await store.claim(theirs)).toBeUndefined();
  });

  test("many who claim at once never get the same one, and each analysis' in the order they came", async () => {
    const subject = open();
    const { store } = subject;
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

  test("what is held can be neither dropped nor hurried", async () => {
    const subject = open();
    const { store } = subject;
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

  test("a process that is alone ends the leases of the dead", async () => {
    const subject = open();
    const { store } = subject;
    const added = newSubmission();
    await store.add(added, theirs);
    await store.releaseAll();
    expect(await store.claim(mine)).toEqual({ ...added, attempts: 2 });
  });
}
