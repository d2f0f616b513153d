import type { Log } from "../../log.ts";
import type { Settings } from "../../settings/settings.ts";
import { backoff } from "../../time/backoff.ts";
import { within } from "../../time/deadline.ts";
import type { ProcessIo } from "../process-io.ts";
import { createReportCollector } from "./collect-reports.ts";
import type { FromWorker, WorkerEnd, WorkerProcess } from "./ipc.ts";

/** Runs as many workers as the settings say, and restarts each one that ends. */
export interface Supervisor {
  /** Resolves when the first worker serves and each other serves or has ended once. `failed`: the first did not serve. */
  start(): Promise<{ readonly failed?: WorkerEnd }>;
  /** Asks all workers to stop, and kills those that still run after the time. Resolves with an exit code. */
  stop(limitMs: number): Promise<number>;
}

export interface SupervisorDeps {
  readonly startWorker: ProcessIo["startWorker"];
  readonly settings: Settings;
  readonly log: Log;
  /** Called once, when the first worker listens on the port. */
  readonly onFirstListening: () => Promise<void>;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

/** The place of a worker, whose process is replaced when it ends. */
interface Slot {
  readonly number: number;
  child: WorkerProcess | undefined;
  isListening: boolean;
  /** When the process began to serve. */
  listeningSinceMs: number;
  /** How many processes in a row ended without serving for `steadyMs`. */
  failures: number;
}

const pauses = { firstMs: 200, longestMs: 30_000 };
/** A worker that served this long did not end because of a failed start. */
const steadyMs = 10_000;

export function createSupervisor({ startWorker, settings, log, onFirstListening, now }: SupervisorDeps): Supervisor {
  const slots = Array.from({ length: settings.server.workers }, (_, index): Slot => {
    return { number: index + 1, child: undefined, isListening: false, listeningSinceMs: 0, failures: 0 };
  });
  const stopping = Promise.withResolvers<void>();
  let isStopping = false;
  const reports = createReportCollector();
  let released: Promise<void> | undefined;
  /** Gives up the held port, so that a worker answers health probes: it can say what it waits for. */
  const release = () => {
    released ??= onFirstListening();
    return released;
  };

  function hear(slot: Slot, message: FromWorker, listening: () => void): void {
    if (message.kind === "starting") void release();
    if (message.kind === "listening") {
      slot.isListening = true;
      slot.listeningSinceMs = now();
      listening();
    }
    if (message.kind === "report") reports.received(message.id, message.report);
    if (message.kind === "gather") {
      const others = slots.flatMap(({ child, isListening }) => {
        return child !== undefined && child !== slot.child && isListening ? [child] : [];
      });
      const { id } = message;
      void reports.from(others).then((reports) => slot.child?.send({ kind: "gathered", id, reports }));
    }
  }

  /** Starts a process in the slot. `settled` resolves when it serves or has ended. */
  function fill(slot: Slot): { readonly settled: Promise<unknown>; readonly ended: Promise<WorkerEnd> } {
    const listening = Promise.withResolvers<void>();
    const child = startWorker(slot.number, (message) => hear(slot, message, listening.resolve));
    slot.child = child;
    child.send({ kind: "serve", worker: slot.number, settings });
    log.info("worker.started", { worker: slot.number, pid: child.pid });
    return { settled: Promise.race([listening.promise, child.ended]), ended: child.ended };
  }

  /** Restarts the slot's process each time it ends, until `stop`. */
  async function keepFilled(slot: Slot, first: Promise<WorkerEnd>): Promise<void> {
    for (let end = await first; !isStopping; end = await fill(slot).ended) {
      const pid = slot.child?.pid;
      const wasSteady = slot.isListening && now() - slot.listeningSinceMs >= steadyMs;
      slot.child = undefined;
      slot.isListening = false;
      slot.failures = wasSteady ? 1 : slot.failures + 1;
      const pauseMs = backoff(slot.failures, pauses);
      const fields = { worker: slot.number, pid, ...end, startedAgainInMs: pauseMs };
      if (end.code === 0) log.warn("worker.ended", fields);
      else log.error("worker.ended", fields);
      await within(stopping.promise, pauseMs);
      if (isStopping) return;
    }
  }

  /** Starts a process. Resolves with its end if it ends before it serves. */
  async function startIn(slot: Slot): Promise<WorkerEnd | undefined> {
    const { settled, ended } = fill(slot);
    await settled;
    return slot.isListening ? void keepFilled(slot, ended) : ended;
  }

  return {
    async start() {
      const [first, ...others] = slots;
      const failed = first && (await startIn(first));
      if (failed !== undefined) return { failed };
      await release();
      if (isStopping) return {};
      await Promise.all(
        others.map(async (slot) => {
          const end = await startIn(slot);
          if (end !== undefined) void keepFilled(slot, Promise.resolve(end));
        }),
      );
      return {};
    },
    async stop(limitMs) {
      isStopping = true;
      stopping.resolve();
      const running = slots.flatMap(({ child }) => (child === undefined ? [] : [child]));
      for (const child of running) child.send({ kind: "stop" });
      const timer = setTimeout(() => {
        log.warn("workers.killed", { afterMs: limitMs });
        for (const child of running) child.kill();
      }, limitMs);
      const ends = await Promise.all(running.map(({ ended }) => ended));
      clearTimeout(timer);
      return ends.every(({ code }) => code === 0) ? 0 : 1;
    },
  };
}
