import type { Environment, ReadTextFile } from "../settings/environment.ts";
import type { CaBundle } from "../settings/settings.ts";
import type { FromWorker, ParentLine, WorkerProcess } from "./workers/ipc.ts";

/** The process as commands see it. */
export interface ProcessIo {
  readonly env: Environment;
  readonly readTextFile: ReadTextFile;
  /** A line for people or programs that read the command's result. */
  print(line: string): void;
  /** Text of any length; resolves when its reader has taken it. */
  write(text: string): Promise<void>;
  /** How far something is, instead of what it said before; for people at a terminal alone. */
  showProgress(text: string): void;
  /** A line about what went wrong. */
  printError(line: string): void;
  /** A finished log line. */
  writeLog(line: string): void;
  /** Resolves at the first SIGTERM or SIGINT. */
  readonly stopRequested: Promise<string>;
  /**
   * Starts this very command again with more roots to trust: Bun reads them from a file that its environment names, at start
   * only. Returns when the process has them already.
   */
  trustAlso(bundle: CaBundle): void;
  /** Starts this executable as a worker, in the same surroundings and with the same output. */
  startWorker(number: number, onMessage: (message: FromWorker) => void): WorkerProcess;
  /** In a worker: the line to the process that started it. */
  connectParent(): ParentLine | undefined;
}

/** sysexits.h: the settings are wrong. */
export const exitConfig = 78;

/** What the command was given cannot be used. */
export const exitUsage = 2;
