import { createPinoLog } from "../../app/pino-log.ts";
import { serviceUrl } from "../../app/start-service.ts";
import { reasonOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { type HeldPort, holdPort } from "../../server/server.ts";
import type { Settings } from "../../settings/settings.ts";
import { version } from "../../version.ts";
import { describeService } from "../describe-service.ts";
import type { ProcessIo } from "../process-io.ts";
import type { WorkerEnd } from "./ipc.ts";
import { createSupervisor } from "./supervisor.ts";

/** Time for the work after the running requests have ended or were cut off. A worker that needs longer is killed. */
const endingSeconds = 30;

/**
 * Runs the service in several processes that share one port. This process serves nothing itself. The first worker starts
 * alone, so that a reason not to start is logged once; its exit code is then the exit code of the command.
 */
export async function serveWithWorkers(io: ProcessIo, settings: Settings): Promise<number> {
  const { host: hostname, port, workers, shutdownSeconds } = settings.server;
  const log = createPinoLog({ ...settings.log, write: io.writeLog, context: () => ({}) });
  log.info("service.starting", { version, workers });
  const held = await holdOrLog({ hostname, port }, log);
  if (held === undefined) return 1;
  const supervisor = createSupervisor({
    startWorker: io.startWorker,
    settings: { ...settings, server: { ...settings.server, port: held.port } },
    log,
    onFirstListening: held.release,
    now: () => performance.now(),
  });
  const started = await Promise.race([supervisor.start(), io.stopRequested]);
  if (typeof started === "object" && started.failed !== undefined) return exitCodeOf(started.failed, log);
  if (typeof started === "object") {
    const url = serviceUrl(hostname, held.port);
    log.info("service.started", { url, workers, version, ...describeService(settings) });
  }
  const signal = await io.stopRequested;
  log.info("service.stopping", { signal, graceSeconds: shutdownSeconds });
  const exitCode = await supervisor.stop((shutdownSeconds + endingSeconds) * 1000);
  log.info("service.stopped");
  return exitCode;
}

async function holdOrLog(
  address: { readonly hostname: string; readonly port: number },
  log: Log,
): Promise<HeldPort | undefined> {
  try {
    return await holdPort(address);
  } catch (error) {
    log.error("service.failed", { error: reasonOf(error) });
    return undefined;
  }
}

/** Logs only the end by a signal: otherwise the worker itself has logged why it did not start. */
function exitCodeOf({ code, signal }: WorkerEnd, log: Log): number {
  if (signal !== null) log.error("service.failed", { error: `The first worker was ended by ${signal}` });
  return code || 1;
}
