import type { ProcessIo } from "../../src/commands/process-io.ts";
import type { Environment } from "../../src/settings/environment.ts";

export interface TestIo extends ProcessIo {
  readonly printed: string[];
  readonly errors: string[];
  /** Finished log lines. */
  readonly logged: string[];
  /** As SIGTERM would. */
  requestStop(): void;
}

/** An io without a process: an environment, no files, and all that is written kept. */
export function createTestIo(env: Environment): TestIo {
  const printed: string[] = [];
  const errors: string[] = [];
  const logged: string[] = [];
  const stop = Promise.withResolvers<string>();
  return {
    env,
    readTextFile(path) {
      throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
    },
    print: (line) => void printed.push(line),
    write: async (text) => void printed.push(text),
    showProgress() {},
    printError: (line) => void errors.push(line),
    writeLog: (line) => void logged.push(line),
    stopRequested: stop.promise,
    trustAlso() {},
    startWorker() {
      throw new Error("no processes here");
    },
    connectParent: () => undefined,
    printed,
    errors,
    logged,
    requestStop: () => stop.resolve("SIGTERM"),
  };
}
