import { readdirSync } from "node:fs";
import type { ResilienceWorld } from "./world.ts";

/** Temporary files with a name; they lose it as soon as they are open. */
export const spooledFiles = ({ spoolDir }: Pick<ResilienceWorld, "spoolDir">): string[] =>
  readdirSync(spoolDir).filter((name) => name.startsWith("flame-spool-"));
