import { createPinoLog } from "../pino-log.ts";
import { createRequestContext } from "../request-context.ts";
import { describeSettings, loadSettings, type Settings } from "../settings.ts";
import { type Edge, exitConfig } from "./edge.ts";
import { startService } from "./start-service.ts";

/** Runs the service on the settings of the environment until it is told to stop; resolves with the exit code. */
export async function serve(edge: Edge): Promise<number> {
  const settings = readSettings(edge);
  if (settings === undefined) return exitConfig;
  if (settings.extraCaCerts !== undefined) edge.trustAlso(settings.extraCaCerts.path);
  const context = createRequestContext();
  const log = createPinoLog({ ...settings.log, write: edge.writeLog, context: context.fields });
  try {
    const service = await startService(settings, { log, context });
    log.info("service.started", { url: service.url, ...describeSettings(settings) });
    const signal = await edge.stopRequested;
    log.info("service.stopping", { signal, graceSeconds: settings.server.shutdownSeconds });
    await service.stop();
    log.info("service.stopped");
    return 0;
  } catch (error) {
    log.error("service.failed", { error: error instanceof Error ? error.message : String(error) });
    return 1;
  }
}

/** Prints warnings, and all problems at once when there are any. */
function readSettings(edge: Edge): Settings | undefined {
  const { settings, problems, warnings } = loadSettings(edge.env, edge.readTextFile);
  for (const warning of warnings) edge.complain(`warning: ${warning}`);
  if (settings !== undefined) return settings;
  edge.complain("The settings are not usable:");
  for (const problem of problems) edge.complain(`  ${problem}`);
  edge.complain("See `flame-result --help` and .env.example. `flame-result sandbox` needs no settings.");
  return undefined;
}
