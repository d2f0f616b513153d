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
  /** Whether the log is printed, as errors are; otherwise only what the command itself says is. */
  readonly prints?: "log";
  /** A sentence where the command makes no sense with these settings. */
  readonly findProblem?: (settings: Settings) => string | undefined;
}

/**
 * Does a command's work on what the service keeps, beside a running service or without one. Resolves with the exit code;
 * whatever fails is printed, and the stores are closed again.
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
