import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";

/** The text of a file, `undefined` where there is none. */
export type ReadText = (path: string) => string | undefined;

/**
 * How much memory this process may use: the least of what machine, container (cgroup v1 or v2) and `prlimit` allow. The last
 * two stand in files of /proc and the cgroup alone.
 */
export function findMemoryLimit(read: ReadText = readText, machineBytes: number = totalmem()): number {
  return Math.min(machineBytes, ...cgroupLimits(read), ...processLimits(read));
}

/** A limit holds for all groups below; and inside of a container the group's own path may not be there. */
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
    // "max", and the huge number of cgroup v1, are no limits.
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
  // The runtime reserves far more addresses, and private data, than it uses.
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
