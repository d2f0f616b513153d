import { expect, test } from "bun:test";
import type { FromWorker, ToWorker, WorkerEnd } from "../../src/commands/workers/ipc.ts";
import { createSupervisor } from "../../src/commands/workers/supervisor.ts";
import { parseSettings } from "../../src/settings/load.ts";
import { filesystem, NODE } from "../settings/environment.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";

/** A worker that does what the test says. */
interface FakeWorker {
  readonly number: number;
  readonly told: ToWorker[];
  isKilled: boolean;
  say(message: FromWorker): void;
  end(end: Partial<WorkerEnd>): void;
}

function prepare(workers: number) {
  const { settings } = parseSettings({ ...NODE, SERVER__WORKERS: String(workers) }, filesystem({}), "linux");
  if (settings === undefined) throw new Error("the settings were refused");
  const started: FakeWorker[] = [];
  const { log, lines } = createTestLog();
  const clock = { nowMs: 0 };
  const released: number[] = [];
  const supervisor = createSupervisor({
    settings,
    log,
    now: () => clock.nowMs,
    onFirstListening: async () => void released.push(started.length),
    startWorker(number, say) {
      const ended = Promise.withResolvers<WorkerEnd>();
      const worker: FakeWorker = {
        number,
        told: [],
        isKilled: false,
        say,
        end: (end) => ended.resolve({ code: null, signal: null, ...end }),
      };
      started.push(worker);
      return {
        pid: 1000 + started.length,
        send: (message) => void worker.told.push(message),
        kill() {
          worker.isKilled = true;
          worker.end({ signal: "SIGKILL" });
        },
        ended: ended.promise,
      };
    },
  });
  const worker = (index: number) => {
    const found = started[index];
    if (found === undefined) throw new Error(`only ${started.length} were started`);
    return found;
  };
  const pauses = () =>
    lines.filter(({ event }) => event === "worker.ended").map(({ fields }) => fields.startedAgainInMs);
  return { supervisor, started, worker, pauses, lines, clock, released };
}

test("the first worker starts alone, and the others once it serves", async () => {
  const { supervisor, started, worker, released } = prepare(3);
  const starting = supervisor.start();
  await Bun.sleep(10);
  expect(started).toHaveLength(1);
  worker(0).say({ kind: "listening" });
  await eventually(() => expect(started.map(({ number }) => number)).toEqual([1, 2, 3]));
  expect(released).toEqual([1]);
  expect(worker(2).told).toMatchObject([{ kind: "serve", worker: 3, settings: { server: { workers: 3 } } }]);
  worker(1).say({ kind: "listening" });
  worker(2).say({ kind: "listening" });
  expect(await starting).toEqual({});
});

test("a first worker that does not get to serve ends it all, with its exit code", async () => {
  const { supervisor, started, worker, released } = prepare(3);
  const starting = supervisor.start();
  worker(0).end({ code: 7 });
  expect(await starting).toEqual({ failed: { code: 7, signal: null } });
  expect([started.length, released]).toEqual([1, []]);
});

test("another one that dies at its start is started again, while the service goes on", async () => {
  const { supervisor, started, worker, pauses } = prepare(2);
  const starting = supervisor.start();
  worker(0).say({ kind: "listening" });
  await eventually(() => expect(started).toHaveLength(2));
  worker(1).end({ code: 1 });
  expect(await starting).toEqual({});
  await eventually(() => expect(started.map(({ number }) => number)).toEqual([1, 2, 2]));
  expect(pauses()).toEqual([200]);
});

test("the pause before a restart doubles while a worker dies at once, and starts over when it has served for long", async () => {
  const { supervisor, started, worker, pauses, clock } = prepare(2);
  const starting = supervisor.start();
  worker(0).say({ kind: "listening" });
  await eventually(() => expect(started).toHaveLength(2));
  worker(1).say({ kind: "listening" });
  await starting;
  for (const index of [1, 2]) {
    worker(index).end({ signal: "SIGSEGV" });
    await eventually(() => expect(started).toHaveLength(index + 2));
  }
  expect(pauses()).toEqual([200, 400]);
  worker(3).say({ kind: "listening" });
  clock.nowMs = 10_000;
  worker(3).end({ code: 1 });
  await eventually(() => expect(pauses()).toEqual([200, 400, 200]));
  expect(await supervisor.stop(1).then(() => worker(0).isKilled)).toBe(true);
});

test("whoever does not stop in time is killed, and the exit code tells", async () => {
  const { supervisor, started, worker, lines } = prepare(2);
  const starting = supervisor.start();
  worker(0).say({ kind: "listening" });
  await eventually(() => expect(started).toHaveLength(2));
  worker(1).say({ kind: "listening" });
  await starting;
  const stopping = supervisor.stop(50);
  expect(started.map(({ told }) => told.at(-1)?.kind)).toEqual(["stop", "stop"]);
  worker(0).end({ code: 0 });
  expect(await stopping).toBe(1);
  expect(started.map(({ isKilled }) => isKilled)).toEqual([true, true]);
  expect(lines.map(({ event }) => event)).toContain("workers.killed");
});

test("told to stop, it starts nobody any more", async () => {
  const { supervisor, started, worker } = prepare(2);
  const starting = supervisor.start();
  const stopping = supervisor.stop(1_000);
  worker(0).end({ code: 0 });
  expect([await stopping, await starting]).toEqual([0, { failed: { code: 0, signal: null } }]);
  expect(started).toHaveLength(1);
});

test("reports are gathered from those that serve, and who does not answer is left out", async () => {
  const { supervisor, started, worker } = prepare(3);
  void supervisor.start();
  worker(0).say({ kind: "listening" });
  await eventually(() => expect(started).toHaveLength(3));
  worker(1).say({ kind: "listening" });
  worker(2).say({ kind: "listening" });
  worker(0).say({ kind: "gather", id: 5 });
  const asked = worker(1).told.at(-1);
  if (asked?.kind !== "report") throw new Error("it was not asked");
  worker(1).say({ kind: "report", id: asked.id, report: [{ name: "of worker 2" }] });
  await eventually(() => {
    expect(worker(0).told.at(-1)).toEqual({ kind: "gathered", id: 5, reports: [[{ name: "of worker 2" }]] });
  });
  expect(worker(0).told.some(({ kind }) => kind === "report")).toBe(false);
});
