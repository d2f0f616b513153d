import { createPinoLog } from "../../app/pino-log.ts";
import { type RunningService, startService } from "../../app/start-service.ts";
import { reasonOf } from "../../errors.ts";
import type { MetricsReport } from "../../observability/metrics.ts";
import { createRequestContext } from "../../request-context.ts";
import type { Settings } from "../../settings/settings.ts";
import type { ProcessIo } from "../process-io.ts";
import type { ParentLine } from "./ipc.ts";

/** Longer than the parent waits for the slowest worker (1 s). */
const gatherLimitMs = 2_000;

/**
 * Runs one of several processes that share a port, until its parent says stop or ends.
 * Resolves with the exit code.
 */
export async function serveAsWorker(io: ProcessIo, parent: ParentLine): Promise<number> {
  const line = openLine(parent);
  const stopRequested = Promise.race([io.stopRequested, line.stopRequested]);
  const assignment = await Promise.race([line.assignment, stopRequested]);
  if (typeof assignment === "string") return 0;
  const { worker, settings } = assignment;
  const context = createRequestContext();
  const fields = () => ({ worker, ...context.fields() });
  const log = createPinoLog({ ...settings.log, write: io.writeLog, context: fields });
  const startUp = new AbortController();
  void stopRequested.then(() => startUp.abort());
  let isStarted = false;
  try {
    const gather = async () => ({ workers: settings.server.workers, reports: await line.gather() });
    const onListening = () => parent.send({ kind: "starting" });
    const service = await startService(settings, { log, context, signal: startUp.signal, gather, onListening });
    isStarted = true;
    line.serveReports(service);
    parent.send({ kind: "listening" });
    const reason = await stopRequested;
    log.info("worker.stopping", { reason });
    await service.stop();
    return 0;
  } catch (error) {
    if (startUp.signal.aborted && !isStarted) return 0;
    log.error("service.failed", { error: reasonOf(error) });
    return 1;
  }
}

interface Line {
  readonly assignment: Promise<{ readonly worker: number; readonly settings: Settings }>;
  /** Resolves with the reason. */
  readonly stopRequested: Promise<string>;
  /** From now on this process answers requests for its metrics report. */
  serveReports(service: Pick<RunningService, "report">): void;
  /** The reports of the other workers. */
  gather(): Promise<readonly MetricsReport[]>;
}

function openLine(parent: ParentLine): Line {
  const assignment = Promise.withResolvers<Awaited<Line["assignment"]>>();
  const told = Promise.withResolvers<string>();
  const gathered = new Map<number, (reports: readonly MetricsReport[]) => void>();
  let reporter: Pick<RunningService, "report"> | undefined;
  let lastId = 0;

  parent.listen((message) => {
    if (message.kind === "serve") assignment.resolve(message);
    if (message.kind === "stop") told.resolve("asked to");
    if (message.kind === "gathered") gathered.get(message.id)?.(message.reports);
    if (message.kind === "report") {
      const { kind, id } = message;
      // A worker that does not serve yet sends no report; the parent leaves it out after a time limit.
      void reporter?.report().then((report) => parent.send({ kind, id, report }));
    }
  });

  return {
    assignment: assignment.promise,
    stopRequested: Promise.race([told.promise, parent.lost.then(() => "the process that started it has ended")]),
    serveReports(service) {
      reporter = service;
    },
    async gather() {
      const id = ++lastId;
      const { promise, resolve } = Promise.withResolvers<readonly MetricsReport[]>();
      gathered.set(id, resolve);
      const timer = setTimeout(() => resolve([]), gatherLimitMs);
      parent.send({ kind: "gather", id });
      const reports = await promise;
      clearTimeout(timer);
      gathered.delete(id);
      return reports;
    },
  };
}
