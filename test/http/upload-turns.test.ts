import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { createBodyReader } from "../../src/http/body-reader.ts";
import { createUploadTurns, type UploadTurn } from "../../src/http/upload-turns.ts";
import { eventually } from "../support/eventually.ts";

function room(turns: number, weigh: (bytes: number | undefined) => number = () => 1) {
  let nowMs = 0;
  const all = createUploadTurns({ turns, weigh, now: () => nowMs, lookMs: 1 });
  const open = (analysisId: string, signal = new AbortController().signal, bytes = 1) =>
    all.open(analysisId, { headers: new Headers({ "content-length": String(bytes) }), signal });
  return { open, pass: (ms: number) => (nowMs += ms) };
}

/** Whether the turn is had by now. */
async function hasTurn(turn: Promise<void>): Promise<boolean> {
  return Promise.race([turn.then(() => true), Bun.sleep(0).then(() => false)]);
}

describe("turns of uploads", () => {
  test("are given as long as there are any, then to who has waited longest", async () => {
    const { open } = room(4);
    const first = ["a", "a", "b", "b"].map((id) => open(id));
    await Promise.all(first.map((turn) => turn.take()));
    const [c, d] = [open("c").take(), open("d").take()];
    expect([await hasTurn(c), await hasTurn(d)]).toEqual([false, false]);
    first[0]?.release();
    expect([await hasTurn(c), await hasTurn(d)]).toEqual([true, false]);
  });

  test("go to one analysis for half at most, and the others pass those of it that wait", async () => {
    const { open } = room(4);
    const turns = [open("a"), open("a"), open("a")];
    const taken = turns.map((turn) => turn.take());
    expect(await Promise.all(taken.map(hasTurn))).toEqual([true, true, false]);
    expect(await hasTurn(open("b").take())).toBe(true);
    turns[0]?.release();
    expect(await hasTurn(taken[2] ?? Promise.reject())).toBe(true);
  });

  test("go to the analysis that has the fewest, however many of others have waited longer", async () => {
    const { open } = room(4);
    const held = ["a", "a", "b", "b"].map((id) => open(id));
    await Promise.all(held.map((turn) => turn.take()));
    const crowd = Array.from({ length: 100 }, (_, index) => open(index % 2 ? "a" : "b").take());
    const [c, d] = [open("c").take(), open("c").take()];
    held[0]?.release();
    expect([await hasTurn(c), await hasTurn(d), (await Promise.all(crowd.map(hasTurn))).includes(true)]).toEqual([
      true,
      false,
      false,
    ]);
    held[1]?.release();
    // Now "a" has none and "c" has one.
    expect([await hasTurn(d), (await Promise.all(crowd.map(hasTurn))).indexOf(true)]).toEqual([false, 1]);
  });

  test("keep no piece of an upload that has been read", async () => {
    const turn = room(2).open("a");
    await turn.take();
    const pieces: WeakRef<Uint8Array>[] = [];
    const read = async () => {
      const piece = new Uint8Array(1024);
      pieces.push(new WeakRef(piece));
      return piece;
    };
    for (let index = 0; index < 100; index++) await turn.receive(read);
    await eventually(() => {
      Bun.gc(true);
      expect(pieces.filter((piece) => piece.deref() !== undefined).length).toBeLessThan(50);
    });
    turn.release();
  });

  test("are there even when there is only one", async () => {
    const { open } = room(1);
    const [a, b] = [open("a"), open("b")];
    await a.take();
    const waiting = b.take();
    expect(await hasTurn(waiting)).toBe(false);
    a.release();
    expect(await hasTurn(waiting)).toBe(true);
  });

  test("count by weight, and small uploads do not pass a large one for ever", async () => {
    const { open } = room(8, (bytes) => bytes ?? 99);
    const none = new AbortController().signal;
    const small = open("a", none, 3);
    await Promise.all([small.take(), open("b", none, 2).take()]);
    const large = open("c", none, 100).take();
    const next = open("d", none, 1).take();
    expect([await hasTurn(large), await hasTurn(next)]).toEqual([false, false]);
    small.release();
    expect([await hasTurn(large), await hasTurn(next)]).toEqual([true, true]);
  });

  test("are lost neither by who goes while it waits, nor by who is released while it waits", async () => {
    const { open } = room(2);
    const held = [open("a"), open("b")];
    await Promise.all(held.map((turn) => turn.take()));
    const abort = new AbortController();
    const gone = open("c", abort.signal).take();
    const left = open("d");
    const leaving = left.take();
    abort.abort();
    left.release();
    expect(await gone.catch((error) => error)).toMatchObject({ code: "client_gone" });
    expect(await leaving.catch((error) => error)).toMatchObject({ code: "client_gone" });
    for (const turn of held) turn.release();
    expect(await hasTurn(open("e").take())).toBe(true);
    expect(await hasTurn(open("f").take())).toBe(true);
  });
});

test("who waits for a turn is not read, nor taken for silent", async () => {
  const { open } = room(1);
  const held = open("a");
  await held.take();
  let pulls = 0;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    pulls += 1;
    controller.enqueue(new Uint8Array(1));
  };
  const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
  const stallMs = 20;
  const first = createBodyReader(new Request("http://x", { method: "PUT", body }), stallMs, open("b")).next();
  const isWaiting = Bun.sleep(5 * stallMs).then(() => "waiting");
  expect(await Promise.race([first, isWaiting])).toBe("waiting");
  expect(pulls).toBe(0);
  held.release();
  expect(await first).toHaveLength(1);
});

const never = () => new Promise<undefined>(() => {});
const caught = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error) => error,
  );

describe("a client that sends less than 1 KiB/s", () => {
  async function slowIn(open: (id: string) => UploadTurn) {
    const slow = open("a");
    await slow.take();
    const reading = caught(slow.receive(never));
    return { slow, reading };
  }

  test("loses its turn while others wait for one", async () => {
    const { open, pass } = room(1);
    const { slow, reading } = await slowIn(open);
    const waiting = open("b").take();
    pass(10_000);
    expect(await reading).toMatchObject({ code: "client_too_slow" });
    slow.release();
    expect(await hasTurn(waiting)).toBe(true);
  });

  test("keeps it while nobody waits, or nobody whom it would help", async () => {
    const { open, pass } = room(4);
    const { reading } = await slowIn(open);
    await Promise.all([open("b").take(), open("b").take()]);
    const third = open("b").take();
    pass(60_000);
    await Bun.sleep(20);
    expect(await hasTurn(third)).toBe(false);
    expect(await Promise.race([reading, Bun.sleep(0).then(() => "reading")])).toBe("reading");
  });

  test("is told from one that we ourselves keep waiting", async () => {
    const { open, pass } = room(1);
    const turn = open("a");
    await turn.take();
    await turn.receive(async () => new Uint8Array(10));
    void open("b").take();
    pass(60_000);
    await Bun.sleep(20);
    const sent = turn.receive(async () => {
      pass(9_000);
      return new Uint8Array(10_000);
    });
    expect(await sent).toHaveLength(10_000);
  });

  test("is found also when a few bytes come now and then", async () => {
    const { open, pass } = room(1);
    const turn = open("a");
    await turn.take();
    const drip = async () => {
      pass(4_000);
      return new Uint8Array(1_000);
    };
    for (let time = 0; time < 3; time++) await turn.receive(drip);
    void open("b").take();
    const failure = await caught(turn.receive(never));
    expect(failure).toBeInstanceOf(AppError);
    await eventually(() => expect(failure).toMatchObject({ code: "client_too_slow" }));
  });
});
