import { describe, expect, test } from "bun:test";
import { verifyRecord } from "../../src/record/verify-record.ts";
import { runInOwnProcess } from "../support/own-process.ts";
import { largeRecords } from "./large-record.ts";
import type { MeasuredExport } from "./measure-export.ts";

/** Where it is tampered with. */
const place = 17_234;

/** Each with the number that must be named. */
const tamperings: readonly (readonly [string, readonly string[], number])[] = [
  ["an edited row", [`update record_entry set bytes = bytes + 1 where sequence = ${place}`], place],
  ["a removed row", [`delete from record_entry where sequence = ${place}`], place],
  [
    "an inserted row",
    [
      `update record_entry set sequence = -sequence where sequence > ${place}`,
      "update record_entry set sequence = 1 - sequence where sequence < 0",
      `insert into record_entry (sequence, hash, time, event, actor, object_id, bytes, outcome)
        select sequence + 1, hash, time, event, actor, object_id, bytes, outcome from record_entry where sequence = ${place}`,
    ],
    place + 1,
  ],
  [
    "swapped rows",
    [
      `update record_entry set sequence = -1 where sequence = ${place}`,
      `update record_entry set sequence = ${place} where sequence = ${place + 5}`,
      `update record_entry set sequence = ${place + 5} where sequence = -1`,
    ],
    place,
  ],
  ["a tail that was cut off", [`delete from record_entry where sequence > ${place}`], place + 1],
];

for (const { name, open, rows, isThere } of largeRecords) {
  describe.skipIf(!isThere)(`${rows} rows in ${name}`, () => {
    test("are sealed, and whatever was done to one of them is found by its number", async () => {
      const { store, execute, dispose } = await open(rows);
      const sealed = await store.seal();
      expect(sealed).toMatchObject({ rows, head: { sequence: rows } });
      const head = sealed?.head.hash;
      expect(await verifyRecord(store, { head })).toMatchObject({ rows, broken: undefined });
      await execute(`create table kept as select * from record_entry where sequence >= ${place}`);
      for (const [what, statements, broken] of tamperings) {
        for (const statement of statements) await execute(statement);
        const found = await verifyRecord(store, { head });
        expect([what, found.broken?.sequence, found.rows]).toEqual([what, broken, broken - 1]);
        await execute(`delete from record_entry where sequence >= ${place} or sequence < 0`);
        await execute("insert into record_entry select * from kept");
      }
      expect((await verifyRecord(store, { head })).broken).toBeUndefined();
      await dispose();
    }, 240_000);

    test(
      "are exported, and no more than some of them are in memory",
      async () => {
        const script = new URL("./measure-export.ts", import.meta.url);
        const { lines, bytes, held } = await runInOwnProcess<MeasuredExport>(script, name);
        expect(lines).toBe(rows);
        expect(bytes).toBeGreaterThan(300 * rows);
        expect(held.length).toBe(Math.floor(rows / 500 / 25));
        expect(Math.max(...held) - Math.min(...held)).toBeLessThan(8_000_000);
      },
      120_000 + rows,
    );
  });
}
