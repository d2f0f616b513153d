import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { exportRecord } from "../../src/record/export-record.ts";
import type { NewEntry, RecordStore, SealedEntry } from "../../src/record/record-store.ts";
import { verifyRecord } from "../../src/record/verify-record.ts";

export interface RecordUnderTest {
  readonly store: RecordStore;
  /** Another connection to the same rows, as another process has one. */
  readonly other: RecordStore;
  /** Writes within a transaction that then fails. */
  appendAndRollBack(entry: NewEntry): Promise<void>;
  /** Writes within a transaction that ends well. */
  appendInTransaction(entry: NewEntry): Promise<void>;
  /** What somebody with rights in the database may do. */
  execute(statement: string): Promise<void>;
  /** Gives a row another time. */
  setTime(sequence: number, time: Date): Promise<void>;
  /** Lets this much time pass for the store. */
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

const analysisId = "20000000-0000-4000-8000-000000000001";
const sent = (part: Partial<NewEntry> = {}): NewEntry => ({
  event: "intermediate.sent",
  actor: analysisId,
  analysisId,
  outcome: "ok",
  ...part,
});

/** What every record promises, whatever database it stands on. */
export function describeRecord(name: string, open: () => Promise<RecordUnderTest>): void {
  describe(name, () => {
    let subject: RecordUnderTest;
    let store: RecordStore;
    beforeAll(async () => {
      subject = await open();
      store = subject.store;
    });
    beforeEach(() => subject.execute("delete from record_entry"));
    afterAll(async () => await subject?.dispose());

    const all = () => store.readAfter({}, 0, 10_000);
    async function fill(rows: number): Promise<SealedEntry[]> {
      for (let row = 0; row < rows; row += 1) await store.append(sent({ bytes: row }));
      await store.seal();
      return all();
    }

    test("a row reads as it was written, whatever a client calls itself", async () => {
      const entry: NewEntry = {
        id: crypto.randomUUID(),
        event: "final.rejected",
        actor: 'Ünïcode 🧪 \0 \ud800 "quoted"',
        analysisId,
        projectId: "10000000-0000-4000-8000-000000000001",
        objectId: "1f0c4b1e-5c1a-4a6e-9a53-1f7a3c0e2b11",
        peerNodeId: "b0000000-0000-4000-8000-000000000001",
        bytes: 5_000_000_000,
        sha256: "ab".repeat(32),
        requestId: "r-1",
        outcome: "failed",
      };
      await store.append(entry);
      await store.seal();
      const [row] = await all();
      const { id: _, ...facts } = entry;
      expect(row).toMatchObject({ ...facts, actor: 'Ünïcode 🧪 \ufffd \ufffd "quoted"', sequence: 1 });
      expect((await verifyRecord(store)).broken).toBeUndefined();
    });

    test("a row has no place before it is sealed, and is not listed", async () => {
      await store.append(sent());
      expect(await all()).toEqual([]);
      expect(await store.stats()).toMatchObject({ rows: 1, unsealed: 1, head: undefined });
      const sealed = await store.seal();
      expect(sealed).toMatchObject({ rows: 1, head: { sequence: 1 } });
      expect(await store.seal()).toBeUndefined();
      expect(await store.stats()).toMatchObject({ rows: 1, unsealed: 0, unsealedSeconds: 0, head: sealed?.head });
    });

    test("the hash is that of the previous one's bytes and the canonical JSON of the row", async () => {
      const [first, second] = await fill(2);
      const json = (row: SealedEntry | undefined) =>
        `{"actor":"${analysisId}","analysis_id":"${analysisId}","bytes":${row?.bytes},"event":"intermediate.sent",` +
        `"object_id":null,"outcome":"ok","peer_node_id":null,"project_id":null,"request_id":null,` +
        `"sequence":${row?.sequence},"sha256":null,"time":"${row?.time.toISOString()}"}`;
      const hash = (previous: Buffer, text: string) => createHash("sha256").update(previous).update(text).digest("hex");
      expect(first?.hash).toBe(hash(Buffer.alloc(32), json(first)));
      expect(second?.hash).toBe(hash(Buffer.from(first?.hash ?? "", "hex"), json(second)));
    });

    test("numbers have no holes where a transaction was rolled back", async () => {
      await store.append(sent({ bytes: 1 }));
      await subject.appendAndRollBack(sent({ bytes: 2 })).catch(() => {});
      await subject.appendInTransaction(sent({ bytes: 3 }));
      await store.seal();
      expect((await all()).map(({ sequence, bytes }) => [sequence, bytes])).toEqual([
        [1, 1],
        [2, 3],
      ]);
    });

    test("an entry that is written again under its id stays one row", async () => {
      const entry = sent({ id: crypto.randomUUID() });
      await store.append(entry);
      await subject.other.append(entry);
      await store.seal();
      await store.append(entry);
      expect(await store.stats()).toMatchObject({ rows: 1, unsealed: 0 });
    });

    test("any number of writers and sealers at once make one unbroken chain of every row", async () => {
      const writers = Array.from({ length: 16 }, async (_, writer) => {
        const mine = writer % 2 === 0 ? store : subject.other;
        for (let row = 0; row < 20; row += 1) {
          await mine.append(sent({ bytes: writer * 100 + row }));
          if (row % 5 === 0) await mine.seal();
        }
      });
      await Promise.all(writers);
      await Promise.all([store.seal(), subject.other.seal()]);
      const verified = await verifyRecord(store);
      expect(verified).toMatchObject({ rows: 320, firstSequence: 1, broken: undefined });
      expect(new Set((await all()).map(({ bytes }) => bytes)).size).toBe(320);
    });

    test("more rows than a batch holds are sealed at once", async () => {
      const numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2500)";
      await subject.execute(`${numbers} insert into record_entry (event, outcome, time)
        select 'access.denied', 'denied', (select time from (select * from record_entry limit 0) as e
          union all select ${name.includes("SQLite") ? "1000" : "now()"}) from n`);
      expect(await store.seal()).toMatchObject({ rows: 2500, head: { sequence: 2500 } });
      expect(await verifyRecord(store)).toMatchObject({ rows: 2500, broken: undefined });
    });

    test("the list is newest first, page after page, and filtered", async () => {
      await fill(5);
      await store.append({ event: "project.deleted", projectId: "p", outcome: "ok" });
      await store.seal();
      const numbers = (rows: SealedEntry[]) => rows.map(({ sequence }) => sequence);
      expect(numbers(await store.list({}, undefined, 4))).toEqual([6, 5, 4, 3]);
      expect(numbers(await store.list({}, 3, 4))).toEqual([2, 1]);
      expect(numbers(await store.list({ event: "intermediate.sent" }, undefined, 2))).toEqual([5, 4]);
      expect(numbers(await store.list({ projectId: "p" }, undefined, 9))).toEqual([6]);
      expect(numbers(await store.list({ analysisId }, 4, 9))).toEqual([3, 2, 1]);
      const [, , third] = await all();
      expect(await store.count({ to: third?.time })).toBeLessThan(3);
      expect(await store.count({ from: third?.time })).toBeGreaterThan(3);
      expect(await store.count({ event: "final.held" })).toBe(0);
    });

    test("a time is found by its rows, whatever the order that they were sealed in", async () => {
      await fill(3);
      const [first, second, third] = await all();
      // As where a clock was set back: the first row is the youngest.
      await subject.setTime(1, new Date("2026-03-01T00:00:00Z"));
      await subject.setTime(2, new Date("2026-01-01T00:00:00Z"));
      await subject.setTime(3, new Date("2026-02-01T00:00:00Z"));
      expect([first, second, third].map((row) => row?.sequence)).toEqual([1, 2, 3]);
      const [january, february, march] = ["01-01", "02-01", "03-01"].map((day) => new Date(`2026-${day}T00:00:00Z`));
      const numbers = async (filter: Parameters<RecordStore["list"]>[0]) =>
        (await store.list(filter, undefined, 9)).map(({ sequence }) => sequence);
      expect(await store.findSpan({ from: january, to: february })).toEqual({ first: 2, last: 2 });
      expect(await store.findSpan({ from: february })).toEqual({ first: 1, last: 3 });
      expect(await store.findSpan({ to: january })).toBeUndefined();
      expect(await numbers({ from: february })).toEqual([3, 1]);
      expect(await numbers({ to: march })).toEqual([3, 2]);
      expect(await numbers({ to: january })).toEqual([]);
      expect(await numbers({ to: march, analysisId })).toEqual([3, 2]);
      expect(await numbers({ from: march, to: march })).toEqual([]);
      const exported = async (filter: Parameters<RecordStore["list"]>[0]) => {
        const text = (await Array.fromAsync(exportRecord(store, filter, "jsonl"))).join("");
        return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line).sequence]));
      };
      expect(await exported({ from: february })).toEqual([1, 3]);
      expect(await exported({ to: february })).toEqual([2]);
      expect(await exported({ to: january })).toEqual([]);
      expect(await exported({})).toEqual([1, 2, 3]);
    });

    test("all rows are counted by their numbers, also once some are pruned", async () => {
      expect(await store.count({})).toBe(0);
      await fill(4);
      expect(await store.count({})).toBe(4);
      await subject.execute("delete from record_entry where sequence <= 2");
      expect(await store.count({})).toBe(2);
    });

    test("proving leaves nothing behind", async () => {
      await store.prove();
      expect(await store.stats()).toMatchObject({ rows: 0, unsealed: 0 });
    });

    describe("tampering", () => {
      test.each([
        ["an edited row", "update record_entry set bytes = 99 where sequence = 4", 4],
        ["an edited actor", "update record_entry set actor = null where sequence = 7", 7],
        ["a removed row", "delete from record_entry where sequence = 5", 5],
        ["a removed first row", "delete from record_entry where sequence = 1", 1],
        [
          "swapped rows",
          `update record_entry set sequence = -3 where sequence = 3;
           update record_entry set sequence = 3 where sequence = 6; update record_entry set sequence = 6 where sequence = -3`,
          3,
        ],
        [
          "an inserted row",
          `update record_entry set sequence = -sequence where sequence >= 6;
           update record_entry set sequence = 1 - sequence where sequence < 0;
           insert into record_entry (sequence, hash, time, event, outcome)
           select 6, hash, time, event, outcome from record_entry where sequence = 5`,
          6,
        ],
        [
          "a row put at the end",
          `insert into record_entry (sequence, hash, time, event, outcome)
           select 11, hash, time, event, outcome from record_entry where sequence = 10`,
          11,
        ],
      ])("%s is found and named", async (_, script, broken) => {
        await fill(10);
        for (const statement of script.split(";")) await subject.execute(statement);
        expect((await verifyRecord(store)).broken?.sequence).toBe(broken);
      });

      test("a tail that was cut off is found by the head that the log has told", async () => {
        const rows = await fill(10);
        const head = rows.at(-1)?.hash;
        await subject.execute("delete from record_entry where sequence > 8");
        expect((await verifyRecord(store)).broken).toBeUndefined();
        expect((await verifyRecord(store, { head })).broken).toMatchObject({ sequence: 9 });
        expect((await verifyRecord(store, { head: rows[5]?.hash.toUpperCase() })).broken).toBeUndefined();
      });
    });

    describe("pruning", () => {
      test("leaves a row that carries the hash of the last one pruned, and the chain stays whole", async () => {
        const old = await fill(6);
        await subject.pass(400);
        await store.append(sent({ bytes: 100 }));
        expect(await store.prune(200)).toBe(6);
        expect((await all()).map(({ sequence, event }) => [sequence, event])).toEqual([
          [7, "intermediate.sent"],
          [8, "record.pruned"],
        ]);
        const [pruned] = await store.list({ event: "record.pruned" }, undefined, 1);
        expect(pruned).toMatchObject({ objectId: "6", sha256: old.at(-1)?.hash });
        expect(await verifyRecord(store)).toMatchObject({ rows: 2, firstSequence: 7, broken: undefined });
        expect(await verifyRecord(store, { head: old.at(-1)?.hash })).toMatchObject({ broken: undefined });
        expect(await store.stats()).toMatchObject({ rows: 2 });
        await subject.execute("delete from record_entry where sequence = 7");
        expect((await verifyRecord(store)).broken).toMatchObject({ sequence: 7 });
        await subject.execute("update record_entry set object_id = '4' where event = 'record.pruned'");
        expect((await verifyRecord(store)).broken).toMatchObject({ sequence: 5 });
      });

      test("takes nothing that is young, and only rows in front of the first young one", async () => {
        await fill(3);
        expect(await store.prune(3_600_000)).toBe(0);
        expect(await all()).toHaveLength(3);
      });

      test("of everything leaves one row", async () => {
        await fill(3);
        await subject.pass(100);
        expect(await store.prune(50)).toBe(3);
        expect((await all()).map(({ sequence }) => sequence)).toEqual([4]);
        await subject.pass(100);
        expect(await store.prune(50)).toBe(1);
        expect(await verifyRecord(store)).toMatchObject({ rows: 1, firstSequence: 5, broken: undefined });
      });
    });
  });
}
