import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { createRecorder } from "../../src/record/create-recorder.ts";
import type { NewEntry } from "../../src/record/record-store.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";

const away = new AppError("database", "The database is not available");
const sent: NewEntry = { event: "intermediate.sent", actor: "a", outcome: "ok" };

function createSubject({ minuteMs = 3_600_000, patienceMs = 60_000, isAway = false } = {}) {
  const rows: NewEntry[] = [];
  const state = { isAway, tries: 0 };
  const { log, lines } = createTestLog();
  const answer = async () => {
    state.tries += 1;
    if (state.isAway) throw away;
  };
  const recorder = createRecorder({
    store: {
      prove: answer,
      async append(entry) {
        await answer();
        if (!rows.some(({ id }) => id === entry.id)) rows.push(entry);
      },
    },
    newId: () => crypto.randomUUID(),
    requestId: () => "r-1",
    log,
    retryMs: 1,
    patienceMs,
    minuteMs,
  });
  return { recorder, rows, state, lines };
}

describe("the recorder", () => {
  test("what has not happened yet must not when it cannot be written", async () => {
    const { recorder, rows, state } = createSubject({ isAway: true });
    await expect(recorder.write(sent)).rejects.toBe(away);
    await expect(recorder.prove()).rejects.toBe(away);
    state.isAway = false;
    await recorder.prove();
    await recorder.write(sent);
    expect(rows).toMatchObject([{ ...sent, requestId: "r-1" }]);
  });

  test("what has happened is written as soon as it can be, once, and until then nothing else may happen", async () => {
    const { recorder, rows, state, lines } = createSubject({ isAway: true });
    const noted = recorder.note(sent);
    await eventually(() => expect(state.tries).toBeGreaterThan(3));
    await expect(recorder.prove()).rejects.toMatchObject({ code: "database" });
    expect(lines).toContainEqual(expect.objectContaining({ level: "warn", event: "record.delayed" }));
    state.isAway = false;
    await noted;
    expect(rows).toHaveLength(1);
    await recorder.prove();
  });

  test("what is being written for the first time holds up nobody else", async () => {
    const written = Promise.withResolvers<void>();
    const recorder = createRecorder({
      store: { prove: async () => {}, append: () => written.promise },
      newId: () => crypto.randomUUID(),
      requestId: () => undefined,
      log: createTestLog().log,
    });
    const noted = recorder.note(sent);
    await recorder.prove();
    written.resolve();
    await noted;
  });

  test("whoever waits for a note is let go after a while, and it is written all the same", async () => {
    const { recorder, rows, state } = createSubject({ isAway: true, patienceMs: 5 });
    await recorder.note(sent);
    expect(rows).toEqual([]);
    state.isAway = false;
    await eventually(() => expect(rows).toHaveLength(1));
  });

  test("at the end it is tried once more, and what is lost stands in the log as a whole", async () => {
    const kept = createSubject({ isAway: true, patienceMs: 5 });
    await kept.recorder.note(sent);
    kept.state.isAway = false;
    await kept.recorder.close();
    expect(kept.rows).toHaveLength(1);
    const lost = createSubject({ isAway: true, patienceMs: 5 });
    await lost.recorder.note({ ...sent, objectId: "o-1" });
    await lost.recorder.close();
    const fields = expect.objectContaining({ event: "intermediate.sent", objectId: "o-1", requestId: "r-1" });
    expect(lost.lines).toContainEqual(expect.objectContaining({ level: "error", event: "record.lost", fields }));
  });
});

describe("denials", () => {
  test("are one row for each client and minute, with their number in the log", async () => {
    const { recorder, rows, lines } = createSubject({ minuteMs: 30 });
    for (let times = 0; times < 7; times += 1) recorder.countDenial("curious");
    recorder.countDenial(undefined);
    await eventually(() => expect(rows).toHaveLength(2));
    expect(rows).toMatchObject([
      { event: "access.denied", actor: "curious", requestId: undefined, outcome: "denied" },
      { event: "access.denied", actor: undefined },
    ]);
    expect(lines).toContainEqual(
      expect.objectContaining({ event: "access.denied.counted", fields: { analysisId: "curious", times: 7 } }),
    );
    recorder.countDenial("curious");
    await eventually(() => expect(rows).toHaveLength(3));
    await recorder.close();
    expect(rows).toHaveLength(3);
  });

  test("of the minute under way are written at the end", async () => {
    const { recorder, rows } = createSubject();
    recorder.countDenial("curious");
    expect(rows).toEqual([]);
    await recorder.close();
    expect(rows).toHaveLength(1);
  });

  test("by made-up clients without end fill no memory and no record", async () => {
    const { recorder, rows } = createSubject();
    for (let client = 0; client < 5_000; client += 1) recorder.countDenial(`client ${client}`);
    await recorder.close();
    expect(rows).toHaveLength(1_001);
  });
});
