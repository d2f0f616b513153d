import { type ProcessFacts, readProcessFacts } from "./process-facts.ts";
import { type ServiceProcess, startServiceProcess } from "./service-process.ts";

/** The processes of one service, one after the other. */
export function createStarts(path: string, env: Record<string, string>) {
  const processes: ServiceProcess[] = [];
  let floor: ProcessFacts | undefined;
  const started = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("the service was never started");
    return value;
  };
  return {
    processes,
    async start(extraEnv = {}) {
      const process = await startServiceProcess(path, { ...env, ...extraEnv });
      processes.push(process);
      floor ??= readProcessFacts(process.pid);
    },
    latest: () => started(processes.at(-1)),
    floor: () => started(floor),
  };
}
