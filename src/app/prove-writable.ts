import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../errors.ts";

/** What to do about a folder that cannot be written to. */
export const adviceOn = {
  temporary: "mount one there that the service's user may write to, or let TMPDIR name one",
  dataDir: "let DATA_DIR name a folder on a local disk that the service's user may write to",
} as const;

/** Writes a probe into the folder and removes it. If that fails, throws an Error that tells the operator what to do. */
export function proveWritable(dir: string, advice: string): void {
  let probe: string | undefined;
  try {
    probe = mkdtempSync(join(dir, "flame-result-probe-"));
    writeFileSync(join(probe, "probe"), "probe");
  } catch (error) {
    throw new Error(`The folder ${dir} cannot be written to (${reasonOf(error)}): ${advice}`, { cause: error });
  } finally {
    if (probe !== undefined) rmSync(probe, { recursive: true, force: true });
  }
}
