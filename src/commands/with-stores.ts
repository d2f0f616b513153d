import { createPinoLog } from "../app/pino-log.ts";
import { reasonOf } from "../errors.ts";
import { type Log, quietLog } from "../log.ts";
import type { Settings } from "../settings/settings.ts";
import { openStores, type Stores } from "./open-stores.ts";
import { exitConfig, exitUsage, type ProcessIo } from "./process-io.ts";
import { readSettings } from "./read-settings.ts";

export interface NodeAccess {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly log: Log;
}

interface Ways {
  /** `log` prints log lines to standard error. Otherwise only the command's own output is printed. */
  readonly prints?: "log";
  /** A sentence about why the command makes no sense with these settings, if so. */
  readonly findProblem?: (settings: Settings) => string | undefined;
}

/**
 * Runs a command's work on the service's stores, whether or not the service runs. Prints every failure, closes the stores
 * and resolves with the exit code.
 */
export async function withStores(
  io: ProcessIo,
  work: (access: NodeAccess) => Promise<number>,
  { prints, findProblem }: Ways = {},
): Promise<number> {
  const settings = readSettings(io);
  if (settings === undefined) return exitConfig;
  if (settings.extraCaCerts !== undefined) io.trustAlso(settings.extraCaCerts);
  const problem = findProblem?.(settings);
  if (problem !== undefined) {
    io.printError(problem);
    return exitUsage;
  }
  const write = (line: string) => io.printError(line.trimEnd());
  const log = prints === "log" ? createPinoLog({ ...settings.log, write, context: () => ({}) }) : quietLog;
  try {
    const stores = await openStores(settings, log);
    try {
      return await work({ settings, stores, log });
    } finally {
      await stores.close();
    }
  } catch (error) {
    io.printError(reasonOf(error));
    return 1;
  }
}
