import { loadSettings, type Settings } from "../settings/load.ts";
import type { Edge } from "./host.ts";

/** Prints warnings, and all problems at once when there are any. */
export function readSettings(edge: Edge): Settings | undefined {
  const { settings, problems, warnings } = loadSettings(edge.env, edge.readTextFile);
  for (const warning of warnings) edge.complain(`warning: ${warning}`);
  if (settings !== undefined) return settings;
  edge.complain("The settings are not usable:");
  for (const problem of problems) edge.complain(`  ${problem}`);
  edge.complain("See `flame-result --help` and .env.example. `flame-result sandbox` needs no settings.");
  return undefined;
}
