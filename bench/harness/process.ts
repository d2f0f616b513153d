import { closeSync, openSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createServerDir } from "../../test/support/daemon.ts";

export interface RunningProcess {
  readonly pid: number;
  /** What its output has matched. */
  readonly match: RegExpExecArray;
  stop(): Promise<void>;
}

const startLimitMs = 30_000;

/** Starts a program with nothing but the given environment; its output goes to a file, so that nobody has to read it. */
export async function startProcess(
  command: readonly string[],
  ready: RegExp,
  env: Record<string, string>,
): Promise<RunningProcess> {
  const folder = createServerDir("bench");
  const logFile = join(folder, "output");
  const log = openSync(logFile, "a");
  const child = Bun.spawn([...command], { cwd: folder, env, stdin: "ignore", stdout: log, stderr: log });
  closeSync(log);
  const killIt = () => child.kill("SIGKILL");
  process.on("exit", killIt);
  const stop = async () => {
    child.kill("SIGTERM");
    await child.exited;
    process.off("exit", killIt);
    await rm(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + startLimitMs;
  for (;;) {
    const match = ready.exec(readFileSync(logFile, "utf8"));
    if (match !== null) return { pid: child.pid, match, stop };
    if (child.exitCode !== null || Date.now() > deadline) {
      const output = readFileSync(logFile, "utf8");
      await stop();
      throw new Error(`${command.join(" ")} did not start:\n${output}`);
    }
    await Bun.sleep(10);
  }
}

function statusOf(pid: number, name: "VmHWM" | "VmRSS"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
}

/** The largest resident set so far, in MiB. */
export const peakMemoryOf = (pid: number): number => statusOf(pid, "VmHWM");

/** The resident set now, in MiB. */
export const memoryOf = (pid: number): number => statusOf(pid, "VmRSS");
