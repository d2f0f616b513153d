import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type BudgetStore, type Reservation, reservationMs } from "../../../src/privacy/budget/budget-store.ts";
import { type Decimal, formatDecimal, parseDecimal } from "../../../src/privacy/budget/decimal.ts";
import type { NewEntry } from "../../../src/record/record-store.ts";

export interface Subject {
  readonly store: BudgetStore;
  /** The same ledger as another process sees it. */
  readonly other: BudgetStore;
  /** One that puts nothing on record. */
  readonly silent: BudgetStore;
  /** What was put on record so far, without what its table adds. */
  recorded(): Promise<Pick<NewEntry, "event" | "actor" | "analysisId" | "projectId">[]>;
  /** Lets reservations become so much older. */
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

const read = (text: string): Decimal => parseDecimal(text) ?? expect.unreachable(`${text} is no decimal`);
const id = () => crypto.randomUUID();

/** What every ledger of privacy budgets promises. */
export function describeBudgets(name: string, open: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await open();
    }, 60_000);
    afterAll(() => subject.dispose(), 60_000);

    /** `null`: its project is not known. */
    const chargeOf = (projectId: string | null, epsilon: string, analysisId = id()) => {
      return { id: id(), analysisId, projectId: projectId ?? undefined, epsilon: read(epsilon) };
    };
    const reserve = (projectId: string, epsilon: string, budget?: string): Promise<Reservation> =>
      subject.store.reserve(chargeOf(projectId, epsilon), budget === undefined ? undefined : read(budget));
    const spentBy = async (projectId: string) => {
      const { spent, releases } = await subject.store.find(projectId);
      return [formatDecimal(spent), releases] as const;
    };

    test("without a budget releases are counted, and none is refused", async () => {
      const project = id();
      expect(await spentBy(project)).toEqual(["0", 0]);
      expect(await reserve(project, "0.1")).toEqual({ state: "counted" });
      expect(await reserve(project, "1e300")).toEqual({ state: "counted" });
      expect(await spentBy(project)).toEqual([`1.${"0".repeat(300)}1e300`, 2]);
    });

    test("ten tenths fit a budget of one, and an eleventh does not", async () => {
      const project = id();
      for (let times = 0; times < 10; times += 1) {
        expect(await reserve(project, "0.1", "1.0")).toEqual({ state: "reserved" });
      }
      const refused = { state: "refused", budget: read("1"), left: read("0") } as const;
      expect(await reserve(project, "1e-320", "1.0")).toEqual(refused);
      expect(await spentBy(project)).toEqual(["1", 10]);
    });

    test("numbers of any length are summed to their last digit", async () => {
      const project = id();
      const digits = "1234567890".repeat(40);
      for (const epsilon of ["1e-320", "0.1000000000000000055511151231257827", `0.${digits}`]) {
        expect(await reserve(project, epsilon, "1")).toEqual({ state: "reserved" });
      }
      const sum = (
        BigInt(digits) +
        BigInt("1000000000000000055511151231257827".padEnd(400, "0")) +
        10n ** 80n
      ).toString();
      expect(await spentBy(project)).toEqual([`0.${sum}`.replace(/0+$/, ""), 3]);
    });

    test("of 64 who want the last tenth at once, from two processes, exactly those get it whom it suffices for", async () => {
      const project = id();
      await reserve(project, "0.9", "1");
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, index) =>
          (index % 2 === 0 ? subject.store : subject.other).reserve(chargeOf(project, "0.025"), read("1")),
        ),
      );
      expect(answers.filter(({ state }) => state === "reserved")).toHaveLength(4);
      expect(answers.filter(({ state }) => state === "refused")).toHaveLength(60);
      expect(await spentBy(project)).toEqual(["1", 5]);
    }, 60_000);

    test("what is refused names what is left and takes nothing", async () => {
      const project = id();
      await reserve(project, "0.25", "1");
      expect(await reserve(project, "0.8", "1")).toEqual({ state: "refused", budget: read("1"), left: read("0.75") });
      expect(await reserve(project, "0.1", "0.2")).toEqual({ state: "refused", budget: read("0.2"), left: read("0") });
      expect(await spentBy(project)).toEqual(["0.25", 1]);
    });

    test("a reservation may be given back until it is confirmed, and never thereafter", async () => {
      const project = id();
      const [one, two] = [chargeOf(project, "0.5"), chargeOf(project, "0.25")];
      for (const charge of [one, two]) await subject.store.reserve(charge, read("1"));
      expect(await subject.store.confirm(one.id)).toBe(true);
      for (const charge of [one, two]) await subject.store.release(charge.id);
      expect(await spentBy(project)).toEqual(["0.5", 1]);
      expect([await subject.store.confirm(two.id), await subject.store.confirm(id())]).toEqual([false, false]);
      await subject.store.release(two.id);
      expect(await spentBy(project)).toEqual(["0.5", 1]);
    });

    test("reserving and confirming again changes nothing, on record neither", async () => {
      const charge = chargeOf(id(), "0.5");
      for (let times = 0; times < 2; times += 1) {
        expect(await subject.store.reserve(charge, read("1"))).toEqual({ state: "reserved" });
      }
      for (let times = 0; times < 2; times += 1) expect(await subject.store.confirm(charge.id)).toBe(true);
      expect(await spentBy(charge.projectId ?? "")).toEqual(["0.5", 1]);
      const entries = (await subject.recorded()).filter((entry) => entry.projectId === charge.projectId);
      const { analysisId, projectId } = charge;
      expect(entries).toEqual([{ event: "dp.released", actor: analysisId, analysisId, projectId }]);
    });

    test("a reservation whose process died is given back after its time; what was confirmed is not", async () => {
      const project = id();
      const [dead, drawn] = [chargeOf(project, "0.5"), chargeOf(project, "0.25")];
      for (const charge of [dead, drawn]) await subject.store.reserve(charge, read("1"));
      await subject.store.confirm(drawn.id);
      await subject.pass(reservationMs - 5_000);
      expect((await reserve(project, "0.5", "1")).state).toBe("refused");
      await subject.pass(10_000);
      expect(await spentBy(project)).toEqual(["0.25", 1]);
      expect(await subject.store.confirm(dead.id)).toBe(false);
      expect(await reserve(project, "0.75", "1")).toEqual({ state: "reserved" });
      await subject.pass(reservationMs + 5_000);
      const listed = (await subject.store.page(undefined, 200)).balances.find(({ projectId }) => projectId === project);
      expect(listed && formatDecimal(listed.spent)).toBe("0.25");
    });

    test("a process that has the database to itself gives back at once what dead ones have reserved", async () => {
      const project = id();
      const drawn = chargeOf(project, "0.25");
      await subject.store.reserve(drawn, read("1"));
      await subject.store.confirm(drawn.id);
      await reserve(project, "0.5", "1");
      await subject.store.releaseAll();
      expect(await spentBy(project)).toEqual(["0.25", 1]);
    });

    test("a project's own budget counts in the place of the node's, and less than is spent refuses from then on", async () => {
      const project = id();
      await reserve(project, "0.5");
      const set = (budget: string | undefined) => {
        const change = { projectId: project, budget: budget === undefined ? undefined : read(budget) };
        return subject.store.set({ ...change, by: "Ada", reason: "agreed" });
      };
      const changed = await set("0.75");
      expect(changed).toMatchObject({ ownBudget: read("0.75"), spent: read("0.5"), releases: 1 });
      expect(changed.change).toMatchObject({ by: "Ada", reason: "agreed" });
      expect((await reserve(project, "0.5", "100")).state).toBe("refused");
      expect(await reserve(project, "0.25")).toEqual({ state: "reserved" });
      await set("0.1");
      expect(await reserve(project, "1e-9", "100")).toMatchObject({ state: "refused", left: read("0") });
      await set(undefined);
      expect(await reserve(project, "1", "100")).toEqual({ state: "reserved" });
      const entries = (await subject.recorded()).filter(({ event, projectId }) => {
        return event === "budget.changed" && projectId === project;
      });
      expect(entries.map(({ actor }) => actor)).toEqual(["Ada", "Ada", "Ada"]);
    });

    test("what was spent while the project was unknown is the project's as soon as it is known", async () => {
      const [project, analysis] = [id(), id()];
      // Budgets of earlier tests would make it necessary to know the project.
      for (const { projectId, ownBudget } of (await subject.store.page(undefined, 200)).balances) {
        if (ownBudget !== undefined) await subject.store.set({ projectId, budget: undefined, by: "x", reason: "x" });
      }
      expect(await subject.store.reserve(chargeOf(null, "0.5", analysis), undefined)).toEqual({ state: "counted" });
      expect(await subject.store.listWithoutProject()).toEqual([analysis]);
      expect(await subject.store.reserve(chargeOf(project, "0.75", analysis), read("1"))).toMatchObject({
        state: "refused",
        left: read("0.5"),
      });
      expect(await subject.store.listWithoutProject()).toEqual([]);

      const later = id();
      for (const one of [analysis, later]) await subject.store.reserve(chargeOf(null, "0.1", one), undefined);
      expect(formatDecimal((await subject.store.find(project, analysis)).spent)).toBe("0.6");
      await subject.store.setProject(later, project);
      await subject.store.setProject(later, project);
      expect(await spentBy(project)).toEqual(["0.7", 3]);
    });

    test("where there are budgets, an unknown project is not counted but asked for", async () => {
      expect(await subject.store.reserve(chargeOf(null, "0.5"), read("1"))).toEqual({ state: "unknown" });
      await subject.store.set({ projectId: id(), budget: read("1"), by: "Ada", reason: "agreed" });
      expect(await subject.store.reserve(chargeOf(null, "0.5"), undefined)).toEqual({ state: "unknown" });
      expect(await subject.store.listWithoutProject()).toEqual([]);
    });

    test("projects are listed by page, the newest first, each once", async () => {
      const own = [id(), id(), id()];
      for (const project of own) await reserve(project, "1");
      const total = (await subject.store.page(undefined, 1)).total;
      const seen: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = await subject.store.page(after, 2);
        expect(page.total).toBe(total);
        seen.push(...page.balances.map(({ projectId }) => projectId));
        if (page.next === undefined) break;
        after = page.next;
      }
      expect(seen.slice(0, 3)).toEqual(own.reverse());
      expect([seen.length, new Set(seen).size]).toEqual([total, total]);
    });

    test("a project's releases are told with their time; reservations are none yet", async () => {
      const project = id();
      const begin = new Date(Date.now() - 60_000);
      for (const epsilon of ["1", "0.5"]) await reserve(project, epsilon);
      await reserve(project, "2", "100");
      const releases = await subject.store.listReleases(project, begin);
      expect(releases.map(({ epsilon }) => formatDecimal(epsilon))).toEqual(["1", "0.5"]);
      expect(releases.every(({ at }) => at >= begin)).toBe(true);
      expect(await subject.store.listReleases(project, new Date(Date.now() + 86_400_000 * 365))).toEqual([]);
    });

    test("where no record is kept nothing is put on it", async () => {
      const before = (await subject.recorded()).length;
      const charge = chargeOf(id(), "0.5");
      await subject.silent.reserve(charge, read("1"));
      await subject.silent.confirm(charge.id);
      expect((await subject.recorded()).length).toBe(before);
    });
  });
}
