import type { Log } from "../../log.ts";
import type { Settings } from "../../settings/load.ts";
import type { Edge } from "../host.ts";
import { createGathering } from "./collect-reports.ts";
import type { FromWorker, WorkerEnd, WorkerProcess } from "./ipc.ts";

/** Workers, as many as the settings say, each of which is started again when it has ended. */
export interface Crew {
  /** Resolves when the first serves and all others do or have ended once; or with the end of a first that does not. */
  start(): Promise<{ readonly failed?: WorkerEnd }>;
  /** Lets all stop in an orderly way, and kills those that have not within the time; resolves with an exit code. */
  stop(limitMs: number): Promise<number>;
}

export interface CrewDeps {
  readonly startWorker: Edge["startWorker"];
  readonly settings: Settings;
  readonly log: Log;
  readonly onFirstListening: () => Promise<void>;
  /** Milliseconds since any moment. */
  readonly now: () => number;
}

/** A worker's place: the process in it changes. */
interface Seat {
  readonly number: number;
  child: WorkerProcess | undefined;
  isListening: boolean;
  /** Since when the process serves. */
  listeningSinceMs: number;
  pauseMs: number;
}

const shortestPauseMs = 200;
const longestPauseMs = 30_000;
/** Whoever has served for so long has not ended because of how it was started. */
const steadyMs = 10_000;

export function createCrew({ startWorker, settings, log, onFirstListening, now }: CrewDeps): Crew {
  const seats = Array.from({ length: settings.server.workers }, (_, index): Seat => {
    return { number: index + 1, child: undefined, isListening: false, listeningSinceMs: 0, pauseMs: 0 };
  });
  const stopping = Promise.withResolvers<void>();
  let isStopping = false;
  const gathering = createGathering();

  function hear(seat: Seat, message: FromWorker, listening: () => void): void {
    if (message.kind === "listening") {
      seat.isListening = true;
      seat.listeningSinceMs = now();
      listening();
    }
    if (message.kind === "report") gathering.received(message.id, message.report);
    if (message.kind === "gather") {
      const others = seats.flatMap(({ child, isListening }) => {
        return child !== undefined && child !== seat.child && isListening ? [child] : [];
      });
      const { id } = message;
      void gathering.from(others).then((reports) => seat.child?.send({ kind: "gathered", id, reports }));
    }
  }

  /** Starts a process in its seat; the first promise resolves when it serves or has ended. */
  function fill(seat: Seat): { readonly settled: Promise<unknown>; readonly ended: Promise<WorkerEnd> } {
    const listening = Promise.withResolvers<void>();
    const child = startWorker(seat.number, (message) => hear(seat, message, listening.resolve));
    seat.child = child;
    child.send({ kind: "serve", worker: seat.number, settings });
    log.info("worker.started", { worker: seat.number, pid: child.pid });
    return { settled: Promise.race([listening.promise, child.ended]), ended: child.ended };
  }

  /** From the end of its first process on, until told to stop. */
  async function keepFilled(seat: Seat, first: Promise<WorkerEnd>): Promise<void> {
    for (let end = await first; !isStopping; end = await fill(seat).ended) {
      const pid = seat.child?.pid;
      const wasSteady = seat.isListening && now() - seat.listeningSinceMs >= steadyMs;
      seat.child = undefined;
      seat.isListening = false;
      seat.pauseMs = wasSteady
        ? shortestPauseMs
        : Math.min(Math.max(seat.pauseMs * 2, shortestPauseMs), longestPauseMs);
      const fields = { worker: seat.number, pid, ...end, startedAgainInMs: seat.pauseMs };
      if (end.code === 0) log.warn("worker.ended", fields);
      else log.error("worker.ended", fields);
      await pause(seat.pauseMs, stopping.promise);
      if (isStopping) return;
    }
  }

  /** Resolves with the end of the process if it does not get to serve. */
  async function startIn(seat: Seat): Promise<WorkerEnd | undefined> {
    const { settled, ended } = fill(seat);
    await settled;
    return seat.isListening ? void keepFilled(seat, ended) : ended;
  }

  return {
    async start() {
      const [first, ...others] = seats;
      const failed = first && (await startIn(first));
      if (failed !== undefined) return { failed };
      await onFirstListening();
      if (isStopping) return {};
      await Promise.all(
        others.map(async (seat) => {
          const end = await startIn(seat);
          if (end !== undefined) void keepFilled(seat, Promise.resolve(end));
        }),
      );
      return {};
    },
    async stop(limitMs) {
      isStopping = true;
      stopping.resolve();
      const running = seats.flatMap(({ child }) => (child === undefined ? [] : [child]));
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

async function pause(pauseMs: number, isOver: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, pauseMs);
  await Promise.race([promise, isOver]);
  clearTimeout(timer);
}
