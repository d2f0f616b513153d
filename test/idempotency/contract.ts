import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { IdempotencyStore, Scope } from "../../src/idempotency/idempotency-store.ts";

export interface IdempotencyWorld {
  readonly store: IdempotencyStore;
  /** Another process on the same database. */
  readonly other: IdempotencyStore;
  /** Lets so much time pass for all that is kept. */
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

const hourMs = 3_600_000;
const keepMs = 24 * hourMs;
const leaseMs = 60_000;
const newHolder = () => ({ holder: crypto.randomUUID(), leaseMs });
const answer = { status: 200, body: '{"object_id":"1"}' };
const fingerprint = { name: "n", fields: "f", bytes: 3, sha256: "s" };

/** What every store of idempotency keys promises. */
export function describeIdempotency(what: string, open: () => Promise<IdempotencyWorld>): void {
  describe(what, () => {
    let world: IdempotencyWorld;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world?.dispose());

    let keys = 0;
    const newScope = (): Scope => ({ analysisId: "a", route: "PUT /local", key: `key ${keys++}` });
    const claim = (scope: Scope, holder = newHolder(), by = world.store) => {
      return by.claim(scope, holder, crypto.randomUUID(), keepMs);
    };

    test("gives a key to one of fifty, whichever process they ask", async () => {
      const scope = newScope();
      const claims = await Promise.all(
        Array.from({ length: 50 }, (_, index) => claim(scope, newHolder(), index % 2 ? world.store : world.other)),
      );
      expect(claims.map(({ kind }): string => kind).sort()).toEqual(["held", ...Array<string>(49).fill("running")]);
    });

    test("tells keys apart by analysis, route and key, however long or odd", async () => {
      const scope = newScope();
      const long = { ...scope, analysisId: "x".repeat(5_000), key: "\u{1f600}".repeat(100) };
      const others = [
        scope,
        { ...scope, analysisId: "b" },
        { ...scope, route: "PUT /final" },
        { ...scope, key: "K" },
        long,
      ];
      for (const one of others) expect((await claim(one)).kind).toBe("held");
      for (const one of others) expect((await claim(one)).kind).toBe("running");
    });

    test("gives the answer to whoever asks after the end, and never again the key", async () => {
      const scope = newScope();
      const holder = newHolder();
      await claim(scope, holder);
      expect(await world.store.finish(scope, holder.holder, answer, fingerprint)).toBe(true);
      const finished = { kind: "finished", answer, fingerprint } as const;
      expect(await claim(scope)).toEqual(finished);
      await world.pass(leaseMs + 1);
      expect(await claim(scope, holder, world.other)).toEqual(finished);
      expect(await world.store.release(scope, holder.holder)).toBe(false);
      expect(await world.store.renew(scope, holder)).toBe(false);
    });

    test("keeps an answer without a body, and of a request of which little is known", async () => {
      const scope = newScope();
      const holder = newHolder();
      await claim(scope, holder);
      await world.store.finish(scope, holder.holder, { status: 204, body: null }, {});
      expect(await claim(scope)).toEqual({ kind: "finished", answer: { status: 204, body: null }, fingerprint: {} });
    });

    test("frees a key whose holder has died after its lease, under the same id, and not before", async () => {
      const scope = newScope();
      const dead = newHolder();
      const first = await world.store.claim(scope, dead, crypto.randomUUID(), keepMs);
      await world.pass(leaseMs / 2);
      expect(await world.store.renew(scope, dead)).toBe(true);
      await world.pass(leaseMs / 2 + 1);
      expect((await claim(scope)).kind).toBe("running");
      await world.pass(leaseMs / 2);
      const heir = newHolder();
      const second = await claim(scope, heir, world.other);
      if (first.kind !== "held") throw new Error("a fresh key was not free");
      expect(second).toEqual({ kind: "held", id: first.id, isRepeat: true });
      expect(await world.store.finish(scope, dead.holder, answer, fingerprint)).toBe(false);
      for (const end of ["release", "leave"] as const) expect(await world.store[end](scope, dead.holder)).toBe(false);
      expect(await world.store.renew(scope, dead)).toBe(false);
      expect(await world.store.renew(scope, heir)).toBe(true);
    });

    test("gives the same again to a holder whose answer was lost", async () => {
      const scope = newScope();
      const holder = newHolder();
      const id = crypto.randomUUID();
      const claims = [1, 2].map(() => world.store.claim(scope, holder, id, keepMs));
      expect(await Promise.all(claims)).toEqual(Array(2).fill({ kind: "held", id, isRepeat: false }));
      await world.store.finish(scope, holder.holder, answer, fingerprint);
      expect(await world.store.finish(scope, holder.holder, answer, fingerprint)).toBe(true);
    });

    test("forgets a released key, and keeps the id of one that is left", async () => {
      const scope = newScope();
      const [one, two] = [newHolder(), newHolder()];
      const first = await claim(scope, one);
      await world.store.release(scope, one.holder);
      const second = await claim(scope, two);
      await world.store.leave(scope, two.holder);
      const third = await claim(scope);
      if (first.kind !== "held" || second.kind !== "held") throw new Error("a free key was not given");
      expect(second.id).not.toBe(first.id);
      expect(third).toEqual({ kind: "held", id: second.id, isRepeat: true });
    });

    test("leaves everything that a dead process held, when asked", async () => {
      const [running, finished] = [newScope(), newScope()];
      const holder = newHolder();
      await claim(running, holder);
      await claim(finished, holder);
      await world.store.finish(finished, holder.holder, answer, fingerprint);
      await world.other.leaveAll();
      expect(await claim(running)).toMatchObject({ kind: "held", isRepeat: true });
      expect((await claim(finished)).kind).toBe("finished");
    });

    test("forgets what is too old, with and without a purge, but nothing that is under way", async () => {
      const [purged, asked, running] = [newScope(), newScope(), newScope()];
      const holder = newHolder();
      for (const scope of [purged, asked, running]) await claim(scope, holder);
      for (const scope of [purged, asked]) await world.store.finish(scope, holder.holder, answer, fingerprint);
      await world.pass(keepMs + 1);
      await world.store.renew(running, holder);
      expect(await claim(asked)).toMatchObject({ kind: "held", isRepeat: false });
      expect((await claim(running)).kind).toBe("running");
      expect(await world.store.purge(keepMs)).toBeGreaterThan(0);
      expect((await claim(running)).kind).toBe("running");
      expect(await claim(purged)).toMatchObject({ kind: "held", isRepeat: false });
    });
  });
}
