import { expect, test } from "bun:test";
import { removeOldIntermediates } from "../../src/retention/hub-leftovers.ts";
import type { KnownIntermediate, SentIntermediates } from "../../src/retention/sent-intermediates.ts";
import { createTestLog } from "../support/log.ts";

/** As the database has them: all are old enough. */
function fakeSent(count: number) {
  const rows: KnownIntermediate[] = Array.from({ length: count }, (_, number) => {
    return { objectId: `file-${number}`, analysisId: "analysis", attempts: 0 };
  });
  const sent: SentIntermediates = {
    add: async () => {},
    listOld: async (_, limit) => rows.toSorted((a, b) => a.attempts - b.attempts).slice(0, limit),
    async noteAttempt(objectId) {
      const at = rows.findIndex((row) => row.objectId === objectId);
      const row = rows[at];
      if (row !== undefined) rows[at] = { ...row, attempts: row.attempts + 1 };
    },
    async remove(objectId) {
      rows.splice(
        rows.findIndex((row) => row.objectId === objectId),
        1,
      );
    },
  };
  return { sent, rows };
}

async function run(count: number, removeFile: (id: string) => Promise<boolean>, rounds = 1, goesOn = async () => true) {
  const { sent, rows } = fakeSent(count);
  const { log } = createTestLog();
  const [noted, asked]: [unknown[], string[]] = [[], []];
  const recorder = { note: async (entry: unknown) => void noted.push(entry) };
  const hub = {
    removeFile: (id: string) => {
      asked.push(id);
      return removeFile(id);
    },
  };
  for (let round = 0; round < rounds; round += 1) {
    await removeOldIntermediates({ sent, hub, recorder, log }, new Date(), goesOn);
  }
  return { rows, noted, asked };
}

test("every old intermediate goes, each asked for once and put on record", async () => {
  const { rows, noted, asked } = await run(250, async () => true);
  expect(rows).toEqual([]);
  expect(new Set(asked).size).toBe(250);
  expect(asked).toHaveLength(250);
  expect(noted[0]).toEqual({
    event: "result.expired",
    actor: "retention",
    analysisId: "analysis",
    objectId: "file-0",
    outcome: "ok",
  });
});

test("one that the Hub refuses does not keep the others, and is given up after a day of tries", async () => {
  const refused = async (id: string) => id !== "file-1";
  const once = await run(150, refused);
  expect(once.rows).toEqual([{ objectId: "file-1", analysisId: "analysis", attempts: 1 }]);
  expect(once.noted).toHaveLength(149);
  expect((await run(2, refused, 23)).rows).toHaveLength(1);
  expect((await run(2, refused, 24)).rows).toEqual([]);
});

test("a Hub that is away, or goes away, is asked for a few files alone, and another few the next time", async () => {
  const away = async () => {
    throw new Error("away");
  };
  const { rows, asked, noted } = await run(250, away, 2);
  expect(rows).toHaveLength(250);
  expect(asked).toHaveLength(10);
  expect(new Set(asked).size).toBe(10);
  expect(noted).toEqual([]);
  let answers = 120;
  const leaving = await run(250, async () => (answers-- > 0 ? true : away()));
  expect(leaving.asked).toHaveLength(125);
  expect(leaving.noted).toHaveLength(120);
});

test("a process that is stopped, or has lost its lease, leaves the rest to another", async () => {
  let turns = 7;
  const { rows, asked } = await run(
    250,
    async () => true,
    1,
    async () => turns-- > 0,
  );
  expect(asked).toHaveLength(7);
  expect(rows).toHaveLength(243);
});
