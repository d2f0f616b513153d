import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { PeerStore } from "../../src/peers/peer-store.ts";
import type { NewEntry } from "../../src/record/record-store.ts";

export interface PeersUnderTest {
  readonly store: PeerStore;
  /** Another connection to the same rows, as another process has one. */
  readonly other: PeerStore;
  /** Of a node that keeps no record. */
  readonly unrecorded: PeerStore;
  /** What was put on record, oldest first. */
  recorded(): Promise<Partial<NewEntry>[]>;
  execute(statement: string): Promise<void>;
  dispose(): Promise<void>;
}

const [one, two] = ["a".repeat(64), "b".repeat(64)];
const stranger = "c0000000-0000-4000-8000-000000000009";

/** What every store of peers promises, whatever database it stands on. */
export function describePeerStore(name: string, open: () => Promise<PeersUnderTest>): void {
  describe(name, () => {
    let subject: PeersUnderTest;
    let store: PeerStore;
    let nodeId: string;
    beforeAll(async () => {
      subject = await open();
      store = subject.store;
    });
    beforeEach(async () => {
      await subject.execute("delete from record_entry");
      await subject.execute("delete from peer");
      nodeId = crypto.randomUUID();
    });
    afterAll(async () => await subject?.dispose());

    const changed = (isNews: boolean) => ({ kind: "changed", isNews, knownKeySha256: one }) as const;

    test("a node is remembered at its first meeting, and met again without news", async () => {
      expect(await store.find(nodeId)).toBeUndefined();
      for (const by of [store, subject.other]) expect(await by.meet(nodeId, one, "strict")).toEqual({ kind: "known" });
      expect(await store.find(nodeId)).toEqual({
        nodeId,
        keySha256: one,
        waitingKeySha256: undefined,
        framing: undefined,
        boundSince: undefined,
        firstSeen: expect.any(Date),
        lastSeen: expect.any(Date),
      });
      expect(await subject.recorded()).toEqual([]);
    });

    test("a changed key that is only logged is taken at once, and on record once", async () => {
      await store.meet(nodeId, one, "log");
      expect(await store.meet(nodeId, two, "log")).toEqual(changed(true));
      expect(await subject.other.meet(nodeId, two, "log")).toEqual({ kind: "known" });
      expect(await store.find(nodeId)).toMatchObject({ keySha256: two, waitingKeySha256: undefined });
      expect(await subject.recorded()).toEqual([
        { event: "peer.key_changed", peerNodeId: nodeId, sha256: two, outcome: "ok" },
      ]);
    });

    test("with strict pins a changed key waits, and is news and on record once, until it is trusted", async () => {
      await store.meet(nodeId, one, "strict");
      expect(await store.meet(nodeId, two, "strict")).toEqual(changed(true));
      for (const by of [store, subject.other]) expect(await by.meet(nodeId, two, "strict")).toEqual(changed(false));
      expect(await store.meet(nodeId, one, "strict")).toEqual({ kind: "known" });
      expect(await store.find(nodeId)).toMatchObject({ keySha256: one, waitingKeySha256: two });
      expect(await subject.other.trust(nodeId, "Ada")).toEqual({ kind: "trusted", keySha256: two });
      expect(await store.meet(nodeId, two, "strict")).toEqual({ kind: "known" });
      expect(await store.meet(nodeId, one, "strict")).toMatchObject({ kind: "changed", isNews: true });
      const about = { peerNodeId: nodeId, sha256: two };
      expect(await subject.recorded()).toEqual([
        { event: "peer.key_changed", ...about, outcome: "denied" },
        { event: "peer.trusted", actor: "Ada", ...about, outcome: "ok" },
        { event: "peer.key_changed", ...about, sha256: one, outcome: "denied" },
      ]);
    });

    test("of many that meet a changed key at once exactly one hears the news", async () => {
      for (const rule of ["log", "strict"] as const) {
        const id = crypto.randomUUID();
        await store.meet(id, one, rule);
        const meetings = await Promise.all(
          Array.from({ length: 12 }, (_, index) => (index % 2 ? store : subject.other).meet(id, two, rule)),
        );
        expect(meetings.filter((meeting) => meeting.kind === "changed" && meeting.isNews)).toHaveLength(1);
      }
      expect(await subject.recorded()).toHaveLength(2);
    });

    test("only the key that waits can be trusted, and only the one that was named", async () => {
      expect(await store.trust(nodeId, "Ada")).toEqual({ kind: "unknown" });
      await store.meet(nodeId, one, "strict");
      expect(await store.trust(nodeId, "Ada")).toEqual({ kind: "idle" });
      await store.meet(nodeId, two, "strict");
      expect(await store.trust(nodeId, "Ada", one)).toEqual({ kind: "other", waitingKeySha256: two });
      expect(await store.find(nodeId)).toMatchObject({ keySha256: one });
      expect(await store.trust(nodeId, "Ada", two)).toEqual({ kind: "trusted", keySha256: two });
    });

    test("how files come is noted, and that one came bound stays known until the node is forgotten", async () => {
      await store.noteFraming(nodeId, one, "single");
      expect(await store.find(nodeId)).toMatchObject({ keySha256: one, framing: "single", boundSince: undefined });
      await store.noteFraming(nodeId, two, "bound");
      const bound = await store.find(nodeId);
      expect(bound).toMatchObject({ keySha256: one, framing: "bound", boundSince: expect.any(Date) });
      await subject.other.noteFraming(nodeId, one, "segmented");
      expect(await store.find(nodeId)).toMatchObject({ framing: "segmented", boundSince: bound?.boundSince });
      await store.meet(nodeId, two, "log");
      expect(await store.find(nodeId)).toMatchObject({ keySha256: two, boundSince: bound?.boundSince });
      expect(await subject.other.forget(nodeId, "Ada")).toBe(true);
      expect(await store.forget(nodeId, "Ada")).toBe(false);
      expect(await store.find(nodeId)).toBeUndefined();
      expect((await subject.recorded()).at(-1)).toEqual({
        event: "peer.forgotten",
        actor: "Ada",
        peerNodeId: nodeId,
        sha256: two,
        outcome: "ok",
      });
    });

    test("a node of which nothing but a bound file is known has moved on", async () => {
      await store.noteFraming(nodeId, one, "bound");
      expect((await store.find(nodeId))?.boundSince).toBeInstanceOf(Date);
    });

    test("the pages hold every peer once, newest first, and say how many there are", async () => {
      const ids = Array.from({ length: 5 }, () => crypto.randomUUID());
      for (const id of ids) await store.meet(id, one, "log");
      const seen: string[] = [];
      for (let after: string | undefined; ; ) {
        const { peers, next, total } = await store.page(after, 2);
        expect(total).toBe(5);
        seen.push(...peers.map((peer) => peer.nodeId));
        if (next === undefined) break;
        after = next;
      }
      expect(seen.toSorted()).toEqual(ids.toSorted());
      const { peers } = await store.page(undefined, 5);
      const times = peers.map(({ firstSeen }) => firstSeen.getTime());
      expect(times).toEqual(times.toSorted((a, b) => b - a));
      expect((await store.page(stranger, 5)).peers).toEqual([]);
    });

    test("peers are counted by the framing they were last seen with", async () => {
      await store.meet(crypto.randomUUID(), one, "log");
      for (const framing of ["bound", "bound", "segmented"] as const) {
        await store.noteFraming(crypto.randomUUID(), one, framing);
      }
      expect(await store.counts()).toEqual({ bound: 2, segmented: 1, single: 0, none: 1 });
    });

    test("where no record is kept nothing is put on record", async () => {
      const { unrecorded } = subject;
      await unrecorded.meet(nodeId, one, "strict");
      await unrecorded.meet(nodeId, two, "strict");
      await unrecorded.trust(nodeId, "Ada");
      await unrecorded.forget(nodeId, "Ada");
      expect(await subject.recorded()).toEqual([]);
    });
  });
}
