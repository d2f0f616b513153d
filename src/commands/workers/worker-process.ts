import type { FromWorker, WorkerProcess } from "./ipc.ts";

/** Starts a process with an IPC channel. The process shares this one's output and working directory. */
export function startWorkerProcess(
  command: readonly string[],
  env: Record<string, string | undefined>,
  onMessage: (message: FromWorker) => void,
): WorkerProcess {
  const child = Bun.spawn([...command], {
    env,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    ipc: onMessage,
  });
  return {
    pid: child.pid,
    send(message) {
      try {
        child.send(message);
      } catch {
        // The process has ended or is about to; `ended` reports that.
      }
    },
    kill: () => child.kill("SIGKILL"),
    ended: child.exited.then(() => ({ code: child.exitCode, signal: child.signalCode?.toString() ?? null })),
  };
}
