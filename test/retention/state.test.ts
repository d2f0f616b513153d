import { expect, test } from "bun:test";
import { analysisId, describeStores, holder, hourMs, idOf, lease, object, other } from "./store-suite.ts";

describeStores("the state of retention", (suite) => {
  test("is worked on by one process at a time, until that one dies", async () => {
    const mine = suite.subject.two.store.state;
    expect(await Promise.all([suite.store.state.acquire(lease), mine.acquire({ ...lease, holder: other })])).toContain(
      true,
    );
    await suite.subject.empty();
    expect(await suite.store.state.acquire(lease)).toBe(true);
    expect(await mine.acquire({ ...lease, holder: other })).toBe(false);
    expect(await mine.write(other, { listedObjects: 1 })).toBe(false);
    expect(await suite.store.state.acquire(lease)).toBe(true);
    suite.subject.pass(61_000);
    expect(await mine.acquire({ ...lease, holder: other })).toBe(true);
    expect(await suite.store.state.write(holder, { listedObjects: 1 })).toBe(false);
    await mine.release(other);
    expect(await suite.store.state.acquire(lease)).toBe(true);
  });

  test("stays nobody's for long when the clock is set back", async () => {
    suite.subject.pass(1_000 * hourMs);
    await suite.store.state.acquire(lease);
    suite.subject.pass(-1_000 * hourMs);
    expect(await suite.subject.two.store.state.acquire({ ...lease, holder: other })).toBe(true);
  });

  test("reads as it was written", async () => {
    const before = await suite.store.state.read();
    expect(before.state.clockAt).toBeUndefined();
    expect(Math.abs(before.now.getTime() - suite.subject.now())).toBeLessThan(hourMs);
    await suite.store.state.acquire(lease);
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
    await suite.store.state.write(holder, state);
    expect((await suite.store.state.read()).state).toEqual(state);
    await suite.store.state.write(holder, { listingCursor: undefined });
    expect((await suite.store.state.read()).state).toEqual({ ...state, listingCursor: undefined });
  });

  test("lets what is stored after the clock was set back be no older than that", async () => {
    await suite.store.state.acquire(lease);
    await suite.store.state.write(holder, { clockAt: new Date(suite.subject.now()), aheadMs: 0 });
    suite.subject.pass(-1_000 * hourMs);
    await suite.store.objects.add(object(1));
    const found = await suite.store.objects.find(object(1));
    expect((found?.storedAt.getTime() ?? 0) - suite.subject.now()).toBeGreaterThan(999 * hourMs);
    await suite.store.objects.capStoredAt(new Date(5));
    expect((await suite.store.objects.find(object(1)))?.storedAt).toEqual(new Date(5));
  });

  test("sent intermediates are found by age, and those tried least come first", async () => {
    for (const number of [1, 2, 3]) await suite.store.sent.add({ objectId: idOf(number), analysisId });
    const soon = new Date(suite.subject.now() + hourMs);
    await suite.store.sent.noteAttempt(idOf(1));
    expect((await suite.store.sent.listOld(soon, 2)).map(({ objectId }) => objectId)).not.toContain(idOf(1));
    expect(await suite.store.sent.listOld(new Date(suite.subject.now() - hourMs), 9)).toEqual([]);
    await suite.store.sent.remove(idOf(2));
    expect(await suite.store.sent.listOld(soon, 9)).toHaveLength(2);
  });
});
