import type { Log } from "../../log.ts";
import type { Settings } from "../../settings/settings.ts";
import { backoff } from "../../time/backoff.ts";
import { within } from "../../time/deadline.ts";
import type { ProcessIo } from "../process-io.ts";
import { createReportCollector } from "./collect-reports.ts";
import type { FromWorker, WorkerEnd, WorkerProcess } from "./ipc.ts";

/** Workers, as many as the settings say. Each is started again when it has ended. */
export interface Supervisor {
  /** Resolves when the first serves and all others do or have ended once; or with the end of a first that does not. */
  start(): Promise<{ readonly failed?: WorkerEnd }>;
  /** Lets all stop in an orderly way, and kills those that have not within the time; resolves with an exit code. */
  stop(limitMs: number): Promise<number>;
}

export interface SupervisorDeps {
  readonly startWorker: ProcessIo["startWorker"];
  readonly settings: Settings;
  readonly log: Log;
  /** Called once, when a worker has the port. */
  readonly onFirstListening: () => Promise<void>;
  /** Milliseconds since any moment. */
  readonly now: () => number;
}

/** A worker's place: the process in it changes. */
interface Slot {
  readonly number: number;
  child: WorkerProcess | undefined;
  isListening: boolean;
  /** Since when the process serves. */
  listeningSinceMs: number;
  /** How often in a row it has ended without having served for long. */
  failures: number;
}

const pauses = { firstMs: 200, longestMs: 30_000 };
/** A worker that has served for so long has not ended because of how it was started. */
const steadyMs = 10_000;

export function createSupervisor({ startWorker, settings, log, onFirstListening, now }: SupervisorDeps): Supervisor {
  const slots = Array.from({ length: settings.server.workers }, (_, index): Slot => {
    return { number: index + 1, child: undefined, isListening: false, listeningSinceMs: 0, failures: 0 };
  });
  const stopping = Promise.withResolvers<void>();
  let isStopping = false;
  const reports = createReportCollector();
  let released: Promise<void> | undefined;
  /** A probe shall be answered by the worker, which can tell what it waits for. */
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

  /** Starts a process in its slot; the first promise resolves when it serves or has ended. */
  function fill(slot: Slot): { readonly settled: Promise<unknown>; readonly ended: Promise<WorkerEnd> } {
    const listening = Promise.withResolvers<void>();
    const child = startWorker(slot.number, (message) => hear(slot, message, listening.resolve));
    slot.child = child;
    child.send({ kind: "serve", worker: slot.number, settings });
    log.info("worker.started", { worker: slot.number, pid: child.pid });
    return { settled: Promise.race([listening.promise, child.ended]), ended: child.ended };
  }

  /** From the end of its first process on, until told to stop. */
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

  /** Resolves with the end of the process if it does not get to serve. */
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
