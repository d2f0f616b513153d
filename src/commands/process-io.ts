import type { Environment, ReadTextFile } from "../settings/environment.ts";
import type { CaBundle } from "../settings/settings.ts";
import type { FromWorker, ParentLine, WorkerProcess } from "./workers/ipc.ts";

/** The process as commands see it. */
export interface ProcessIo {
  readonly env: Environment;
  readonly readTextFile: ReadTextFile;
  /** A line for people or programs that read the command's result. */
  print(line: string): void;
  /** Prints text of any length. Resolves when the reader has taken it. */
  write(text: string): Promise<void>;
  /** Replaces the line that shows progress; only at a terminal. */
  showProgress(text: string): void;
  /** A line about what went wrong. */
  printError(line: string): void;
  /** A finished log line. */
  writeLog(line: string): void;
  /** Resolves at the first SIGTERM or SIGINT. */
  readonly stopRequested: Promise<string>;
  /**
   * Starts this command again with more CA certificates, since Bun reads their file only at start, from
   * `NODE_EXTRA_CA_CERTS`. Returns if the process has the certificates already.
   */
  trustAlso(bundle: CaBundle): void;
  /** Starts this executable as a worker, with the same environment and output. */
  startWorker(number: number, onMessage: (message: FromWorker) => void): WorkerProcess;
  /** In a worker: the IPC channel to the process that started it. */
  connectParent(): ParentLine | undefined;
}

/** sysexits.h: the settings are wrong. */
export const exitConfig = 78;

/** The arguments of the command are wrong. */
export const exitUsage = 2;
