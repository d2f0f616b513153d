import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServerDir } from "../../support/daemon.ts";
import { sharedExecutable } from "./shared-executable.ts";

export interface LimitedExecutable {
  /** A script that runs the executable within the limit. */
  readonly path: string;
  remove(): void;
}

/**
 * Whether this user may make a cgroup that limits memory. Nothing else will do: `prlimit` limits what is reserved, of which
 * the runtime has gigabytes, and no resident memory.
 */
export function canLimitMemory(): boolean {
  const group = makeGroup(1024 ** 3);
  if (group !== undefined) rmdirSync(group);
  return group !== undefined;
}

/** The executable in a cgroup of its own, as in a container. */
export async function limitMemory(bytes: number): Promise<LimitedExecutable> {
  const executable = await sharedExecutable();
  const script = join(createServerDir("limited"), "flame-result");
  const group = makeGroup(bytes);
  if (group === undefined) throw new Error("No cgroup with a limit of memory can be made here");
  writeFileSync(script, `#!/bin/sh\necho $$ > ${group}/cgroup.procs\nexec ${executable} "$@"\n`);
  await Bun.$`chmod +x ${script}`;
  return { path: script, remove: () => rmdirSync(group) };
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
