import type { Environment, ReadTextFile } from "../settings.ts";

/** The process as commands see it. */
export interface Edge {
  readonly env: Environment;
  readonly readTextFile: ReadTextFile;
  /** A line for people or programs that read the command's result. */
  print(line: string): void;
  /** A line about what went wrong. */
  complain(line: string): void;
  /** A finished log line. */
  writeLog(line: string): void;
  /** Resolves at the first SIGTERM or SIGINT. */
  readonly stopRequested: Promise<string>;
  /**
   * Starts this very command again with more roots to trust: Bun reads them from its environment, at start only. Returns
   * when the process has them already.
   */
  trustAlso(certificatesPath: string): void;
}

/** sysexits.h: the settings are wrong. */
export const exitConfig = 78;
