import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServerDir } from "../../support/daemon.ts";
import { sharedExecutable } from "./shared-executable.ts";

export interface LimitedExecutable {
  /** A script that runs the executable within the limit. */
  readonly path: string;
  readonly kind: "cgroup" | "prlimit";
  remove(): void;
}

/**
 * The executable in a cgroup of its own, as in a container, or where none can be made with a limit of its data. That limit
 * counts what the runtime reserves and does not use, too: as much as the process `like` has of it is added.
 */
export async function limitMemory(bytes: number, like: number): Promise<LimitedExecutable> {
  const executable = await sharedExecutable();
  const script = join(createServerDir("limited"), "flame-result");
  const group = makeGroup(bytes);
  const enter =
    group === undefined
      ? `exec prlimit --data=${bytes + unusedDataOf(like)} --`
      : `echo $$ > ${group}/cgroup.procs\nexec`;
  writeFileSync(script, `#!/bin/sh\n${enter} ${executable} "$@"\n`);
  await Bun.$`chmod +x ${script}`;
  return {
    path: script,
    kind: group === undefined ? "prlimit" : "cgroup",
    remove() {
      if (group !== undefined) rmdirSync(group);
    },
  };
}

/** Bytes of data that a process has reserved beyond what is resident. */
function unusedDataOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
  return bytes("VmData") - bytes("VmRSS");
}

function makeGroup(bytes: number): string | undefined {
  const name = `flame-result-${crypto.randomUUID()}`;
  const places = [
    [existsSync("/sys/fs/cgroup/cgroup.controllers") ? "/sys/fs/cgroup" : undefined, "memory.max"],
    [existsSync("/sys/fs/cgroup/memory") ? "/sys/fs/cgroup/memory" : undefined, "memory.limit_in_bytes"],
  ] as const;
  for (const [root, file] of places) {
    if (root === undefined) continue;
    const group = join(root, name);
    try {
      mkdirSync(group);
      writeFileSync(join(group, file), String(bytes));
      return group;
    } catch {
      if (existsSync(group)) rmdirSync(group);
    }
  }
  return undefined;
}
