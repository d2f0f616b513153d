import { createPinoLog } from "../app/pino-log.ts";
import { startService } from "../app/start-service.ts";
import { reasonOf } from "../errors.ts";
import { createRequestContext } from "../request-context.ts";
import { version } from "../version.ts";
import { describeService } from "./describe-service.ts";
import { exitConfig, type ProcessIo } from "./process-io.ts";
import { readSettings } from "./read-settings.ts";
import { serveWithWorkers } from "./workers/workers.ts";

/** Runs the service with the settings of the environment until a stop signal. Resolves with the exit code. */
export async function serve(io: ProcessIo): Promise<number> {
  const settings = readSettings(io);
  if (settings === undefined) return exitConfig;
  if (settings.extraCaCerts !== undefined) io.trustAlso(settings.extraCaCerts);
  if (settings.server.workers > 1) return serveWithWorkers(io, settings);
  const context = createRequestContext();
  const log = createPinoLog({ ...settings.log, write: io.writeLog, context: context.fields });
  const startUp = new AbortController();
  void io.stopRequested.then(() => startUp.abort());
  let isStarted = false;
  try {
    log.info("service.starting", { version });
    const service = await startService(settings, { log, context, signal: startUp.signal });
    isStarted = true;
    log.info("service.started", { url: service.url, version, ...describeService(settings) });
    const signal = await io.stopRequested;
    log.info("service.stopping", { signal, graceSeconds: settings.server.shutdownSeconds });
    await service.stop();
    log.info("service.stopped");
    return 0;
  } catch (error) {
    if (startUp.signal.aborted && !isStarted) {
      log.info("service.stopped", { waitedFor: reasonOf(error) });
      return 0;
    }
    log.error("service.failed", { error: reasonOf(error) });
    return 1;
  }
}
