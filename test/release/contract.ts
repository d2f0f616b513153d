import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Decision, ReleaseStore } from "../../src/release/release-store.ts";
import type { Lease, SubmissionStore } from "../../src/submissions/store/submission-store.ts";
import { newSubmission } from "../submissions/new-submission.ts";

export interface GateUnderTest {
  readonly releases: ReleaseStore;
  /** Another connection to the same rows, as another process has one. */
  readonly other: ReleaseStore;
  readonly submissions: SubmissionStore;
  /** Event and actor of every row of the record, oldest first. */
  recorded(): Promise<(readonly [string, string | undefined])[]>;
  clear(): Promise<void>;
  /** Lets this much time pass for the store. */
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

const mine: Lease = { holder: "me", leaseMs: 60_000 };
const [ada, bob] = ["Ada", "Bob"].map((name) => ({ name, subject: `sub of ${name}` })) as [
  { name: string; subject: string },
  { name: string; subject: string },
];

/** What every store of the gate promises, whatever database it stands on. */
export function describeReleaseStore(name: string, open: () => Promise<GateUnderTest>): void {
  describe(name, () => {
    let subject: GateUnderTest;
    let { releases, submissions }: Pick<GateUnderTest, "releases" | "submissions"> = {} as GateUnderTest;
    beforeAll(async () => {
      subject = await open();
      ({ releases, submissions } = subject);
    });
    beforeEach(() => subject.clear());
    afterAll(async () => await subject?.dispose());

    async function hold(part: Parameters<typeof newSubmission>[0] = {}) {
      const added = newSubmission(part);
      expect(await submissions.hold(added)).toBe("held");
      return added;
    }
    const approval = ({ id, sha256 }: { id: string; sha256: string }): Decision => {
      return { submissionId: id, kind: "approved", sha256, reason: undefined };
    };
    const refusal = ({ id, sha256 }: { id: string; sha256: string }): Decision => {
      return { submissionId: id, kind: "declined", sha256, reason: "too few" };
    };

    test("what is held is delivered by nobody and keeps nothing back", async () => {
      const held = await hold();
      expect(await submissions.hold(held)).toBe("held");
      expect(await submissions.find(held.id)).toMatchObject({ ...held, state: "held", attempts: 0 });
      expect(await submissions.claim(mine)).toBeUndefined();
      expect(await submissions.wake()).toBe(0);
      await submissions.releaseAll();
      expect([await submissions.retry(held.id), await submissions.drop(held.id)]).toEqual([false, false]);
      expect(await submissions.add(newSubmission(), mine)).toBe("first");
      expect((await submissions.stats()).pending).toBe(1);
      expect((await releases.stats()).held).toBe(1);
      expect(await subject.recorded()).toEqual([
        ["final.submitted", held.analysisId],
        ["final.held", "node"],
        ["final.submitted", held.analysisId],
      ]);
    });

    test("an approved one is due at once, says so to whoever delivers it, and is no more held", async () => {
      const held = await hold();
      const [decided] = await releases.decide([approval(held)], ada, 1);
      expect(decided).toMatchObject({ id: held.id, state: "queued", verdict: "approved" });
      expect(await submissions.claim(mine)).toEqual({ ...held, attempts: 1, isApproved: true });
      expect(await releases.stats()).toEqual({ held: 0, oldestSeconds: 0 });
      expect((await subject.recorded()).at(-1)).toEqual(["final.approved", "Ada"]);
    });

    test("a declined one stays declined", async () => {
      const held = await hold();
      const [decided] = await releases.decide([refusal(held)], ada, 2);
      const lastError = "Declined by the node: too few";
      expect(decided).toMatchObject({ state: "rejected", verdict: "declined", lastError });
      expect(await submissions.retry(held.id)).toBe(false);
      expect(await submissions.claim(mine)).toBeUndefined();
      expect((await submissions.findEnded(-60_000)).includes(held.id)).toBe(true);
      expect((await subject.recorded()).at(-1)).toEqual(["final.declined", "Ada"]);
    });

    test("two approvals are two people's", async () => {
      const held = await hold();
      const [first] = await releases.decide([approval(held)], ada, 2);
      expect(first).toMatchObject({ state: "held", verdict: undefined });
      expect(first?.decisions.map(({ reviewer }) => reviewer.name)).toEqual(["Ada"]);
      const spellings = [" ada", "A\u200bda", "Ada\u0000", "ＡＤＡ"].map((name) => ({ name, subject: "another" }));
      for (const same of [
        ada,
        ...spellings,
        { name: "another", subject: ada.subject },
        { name: ada.subject, subject: "a" },
      ]) {
        await expect(releases.decide([approval(held)], same, 2)).rejects.toMatchObject({ code: "conflict" });
      }
      expect(await submissions.claim(mine)).toBeUndefined();
      const [second] = await releases.decide([approval(held)], bob, 2);
      expect(second).toMatchObject({ state: "queued", verdict: "approved" });
    });

    test("of two who decide at once on two connections, one decides", async () => {
      for (let round = 0; round < 10; round++) {
        const held = await hold();
        const results = await Promise.allSettled([
          releases.decide([approval(held)], ada, 1),
          subject.other.decide([refusal(held)], bob, 1),
        ]);
        expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
        const found = await releases.find(held.id);
        expect(found?.decisions).toHaveLength(1);
        const refused = results.find((result) => result.status === "rejected");
        expect(refused?.reason).toMatchObject({
          code: "conflict",
          message: expect.stringContaining(` by ${found?.decisions[0]?.reviewer.name} at `),
        });
      }
    });

    test("two lists that overlap do not wait for each other for ever", async () => {
      const [one, two] = [await hold(), await hold()];
      const results = await Promise.allSettled([
        releases.decide([approval(one), approval(two)], ada, 1),
        subject.other.decide([approval(two), approval(one)], bob, 1),
      ]);
      expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    });

    test("a list is decided on whole or not at all", async () => {
      const [one, two] = [await hold(), await hold()];
      const wrong = { ...approval(two), sha256: "00" };
      await expect(releases.decide([refusal(one), wrong], ada, 1)).rejects.toMatchObject({ code: "changed" });
      const unknown = approval(newSubmission());
      await expect(releases.decide([refusal(one), unknown], ada, 1)).rejects.toMatchObject({ code: "not_found" });
      expect(await releases.find(one.id)).toMatchObject({ state: "held", decisions: [] });
      expect((await subject.recorded()).some(([event]) => event === "final.declined")).toBe(false);
      const decided = await releases.decide([refusal(two), approval(one)], ada, 1);
      expect(decided.map(({ id, verdict }) => [id, verdict])).toEqual([
        [two.id, "declined"],
        [one.id, "approved"],
      ]);
    });

    test("what never was held cannot be decided on", async () => {
      const queued = newSubmission();
      await submissions.add(queued, mine);
      expect(await releases.find(queued.id)).toBeUndefined();
      await expect(releases.decide([approval(queued)], ada, 1)).rejects.toMatchObject({ code: "not_found" });
    });

    test("only what has waited for too long is declined by itself", async () => {
      const old = await hold();
      await subject.pass(400);
      const young = await hold();
      const expired = await releases.expire(300, "nobody decided within 1 day");
      expect(expired.map(({ id }) => id)).toEqual([old.id]);
      expect(await releases.find(old.id)).toMatchObject({
        state: "rejected",
        verdict: "declined",
        lastError: "Declined by the node: nobody decided within 1 day",
        decisions: [{ decision: "expired", reviewer: { name: "node" } }],
      });
      expect(await releases.find(young.id)).toMatchObject({ state: "held" });
      expect((await subject.recorded()).at(-1)).toEqual(["final.declined", "node"]);
    });

    test("pages go through all that fit, in either order", async () => {
      const projectId = crypto.randomUUID();
      const all = [await hold(), await hold({ projectId }), await hold(), await hold({ projectId }), await hold()];
      const [first] = all;
      if (first !== undefined) await releases.decide([approval(first)], ada, 1);
      const ids = all.map(({ id }) => id);
      for (const [order, expected] of [
        ["oldest", ids],
        ["newest", [...ids].reverse()],
      ] as const) {
        const seen: string[] = [];
        for (let after: string | undefined; ; ) {
          const page = await releases.page({}, order, after, 2);
          expect(page.total).toBe(5);
          seen.push(...page.releases.map(({ id }) => id));
          after = page.next;
          if (after === undefined) break;
        }
        expect(seen).toEqual(expected);
      }
      expect((await releases.page({ projectId }, "newest", undefined, 9)).total).toBe(2);
      expect((await releases.page({ status: "held" }, "newest", undefined, 9)).total).toBe(4);
      expect((await releases.page({ status: "approved" }, "newest", undefined, 9)).releases[0]?.id).toBe(ids[0] ?? "");
      expect((await releases.page({}, "newest", crypto.randomUUID(), 9)).releases).toEqual([]);
    });

    test("earlier decisions are those of the project, and the same bytes are known again", async () => {
      const [projectId, sha256] = [crypto.randomUUID(), "cd".repeat(32)];
      const before = await hold({ projectId, sha256 });
      const elsewhere = await hold({ analysisId: crypto.randomUUID(), projectId: crypto.randomUUID() });
      await releases.decide([refusal(before), refusal(elsewhere)], ada, 1);
      const now = await hold({ projectId, sha256 });
      const found = await releases.find(now.id);
      if (found === undefined) throw new Error("it is gone");
      expect((await releases.listEarlier(found, 9)).map(({ submissionId }) => submissionId)).toEqual([before.id]);
      expect(await releases.findEqual(found)).toMatchObject({ submissionId: before.id, decision: "declined" });
      const other = await releases.find(elsewhere.id);
      expect(other && (await releases.findEqual(other))).toBeUndefined();
    });
  });
}
