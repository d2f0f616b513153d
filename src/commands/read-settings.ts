import { loadSettings } from "../settings/load.ts";
import type { Settings } from "../settings/settings.ts";
import type { ProcessIo } from "./process-io.ts";

/** Prints all warnings and problems. Returns `undefined` if there are problems. */
export function readSettings(io: ProcessIo): Settings | undefined {
  const { settings, problems, warnings } = loadSettings(io.env, io.readTextFile);
  for (const warning of warnings) io.printError(`warning: ${warning}`);
  if (settings !== undefined) return settings;
  io.printError("The settings are not usable:");
  for (const problem of problems) io.printError(`  ${problem}`);
  io.printError("See `flame-result --help` and .env.example. `flame-result sandbox` needs no settings.");
  return undefined;
}
