import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";

/** Returns the text of a file, or `undefined` if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/**
 * How many bytes of memory this process may use: the lowest limit of machine, container (cgroup v1 or v2) and
 * `prlimit`. Only files of /proc and of the cgroup tell the limits of the container and of `prlimit`.
 */
export function findMemoryLimit(read: ReadText = readText, machineBytes: number = totalmem()): number {
  return Math.min(machineBytes, ...cgroupLimits(read), ...processLimits(read));
}

/**
 * Reads the limits of the process's cgroup and of all groups above it, because a limit applies to all groups below.
 * Inside a container the path of the group itself may be missing.
 */
function cgroupLimits(read: ReadText): number[] {
  const lines = (read("/proc/self/cgroup") ?? "").split("\n");
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined || controllers === undefined) return [];
    if (controllers === "") {
      const mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
      return mounts.flatMap((mount) => limitsUp(read, mount, path, "memory.max"));
    }
    if (!controllers.split(",").includes("memory")) return [];
    return limitsUp(read, "/sys/fs/cgroup/memory", path, "memory.limit_in_bytes");
  });
}

function limitsUp(read: ReadText, mount: string, path: string, file: string): number[] {
  const limits: number[] = [];
  for (let folder = path; ; folder = dirname(folder)) {
    // "max" means no limit (cgroup v2). The huge number that means none in cgroup v1 is above any machine's memory.
    const limit = numberOf(read(join(mount, folder, file)));
    if (limit !== undefined) limits.push(limit);
    if (folder === "/") return limits;
  }
}

function processLimits(read: ReadText): number[] {
  const limits = read("/proc/self/limits") ?? "";
  const status = read("/proc/self/status") ?? "";
  const soft = (name: string) => numberOf(new RegExp(`^${name} +(\\d+) `, "m").exec(limits)?.[1]);
  const used = (name: string) => (numberOf(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) ?? 0) * 1024;
  // The runtime reserves much more address space and data than it uses. What it has reserved counts against the limit,
  // but only the resident part (VmRSS) is memory in use.
  const beyondReserved = (limit: number | undefined, reserved: number) =>
    limit === undefined ? [] : [Math.max(0, limit - reserved) + used("VmRSS")];
  const resident = soft("Max resident set");
  return [
    ...beyondReserved(soft("Max address space"), used("VmSize")),
    ...beyondReserved(soft("Max data size"), used("VmData")),
    ...(resident === undefined ? [] : [resident]),
  ];
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text.trim()) ? Number(text) : undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
