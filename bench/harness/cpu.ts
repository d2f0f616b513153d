import { readdirSync, readFileSync } from "node:fs";

/** Processor seconds, in the program itself and in the kernel on its behalf. */
export interface CpuUse {
  readonly user: number;
  readonly system: number;
}

/** What Linux counts them in, on every architecture that Bun runs on. */
const ticksPerSecond = 100;

/** What a process and those that it has started (workers) have used so far, by all threads. */
export function cpuOf(pid: number): CpuUse {
  return [pid, ...childrenOf(pid)].map(useOf).reduce(sum);
}

/** What the work has cost that process. */
export async function cpuWhile<T>(pid: number, work: () => Promise<T>): Promise<{ result: T; use: CpuUse }> {
  const before = cpuOf(pid);
  const result = await work();
  const after = cpuOf(pid);
  return { result, use: { user: after.user - before.user, system: after.system - before.system } };
}

export function childrenOf(parent: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => Number(fieldsOf(pid)[1]) === parent);
}

/** What has ended and been waited for is in the parent's fields of its own. */
function useOf(pid: number): CpuUse {
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fieldsOf(pid).slice(11, 15).map(Number);
  return { user: (user + endedUser) / ticksPerSecond, system: (system + endedSystem) / ticksPerSecond };
}

const sum = (a: CpuUse, b: CpuUse): CpuUse => ({ user: a.user + b.user, system: a.system + b.system });

/** Of /proc/PID/stat, from the state on (proc(5)); none of a process that is gone. */
function fieldsOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}
