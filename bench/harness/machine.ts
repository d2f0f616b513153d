import { cpus, release, totalmem } from "node:os";

export interface Machine {
  readonly date: string;
  /** With a `+` when the files differ from it. */
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly bun: string;
}

export function describeMachine(): Machine {
  const cores = cpus();
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    commit: `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "src") === "" ? "" : "+"}`,
    cpu: cores[0]?.model ?? "unknown",
    cores: cores.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    bun: Bun.version,
  };
}

const git = (...args: string[]): string =>
  Bun.spawnSync(["git", ...args])
    .stdout.toString()
    .trim();
