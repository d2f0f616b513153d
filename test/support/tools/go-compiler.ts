import { chmodSync, cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../daemon.ts";
import { provideFolder, toolFolder } from "./tool-cache.ts";

/** The oldest Go that compiles every tool, and what is fetched where the installed one is older. */
const OLDEST = "1.26.6";
const FETCHED = "1.26.8";

/**
 * A Go compiler that is new enough: the installed one, or another that the installed one fetches. Newer releases of Go
 * could do so by themselves, older ones (Debian 12 has 1.19) cannot, but every one can download a module, and compilers
 * are published as such.
 */
export async function findGo(): Promise<string> {
  const installed = findInstalled();
  if (installed === undefined) throw new Error("Go is not installed (Debian: golang-go)");
  const version = /go(\d+(?:\.\d+)+)/.exec(await run(["env", "GOTOOLCHAIN=local", installed, "version"]))?.[1] ?? "0";
  return Bun.semver.order(threeParts(version), OLDEST) < 0 ? fetchCompiler(installed) : installed;
}

const threeParts = (version: string): string => [...version.split("."), "0", "0"].slice(0, 3).join(".");

export function findInstalled(): string | undefined {
  return Bun.which("go", { PATH: `${process.env.PATH}:/usr/local/go/bin:/usr/lib/go/bin` }) ?? undefined;
}

async function fetchCompiler(installed: string): Promise<string> {
  const machine = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  const folder = await provideFolder(toolFolder("go", FETCHED), async (folder) => {
    const module = `golang.org/toolchain@v0.0.1-go${FETCHED}.${machine}`;
    const download = [installed, "mod", "download", "-json", module];
    const { Dir } = JSON.parse(await run(["env", "GOTOOLCHAIN=local", "GOFLAGS=-mod=mod", ...download]));
    cpSync(Dir, folder, { recursive: true });
    // Files of a module may be neither written nor run.
    await run(["chmod", "-R", "u+w", folder]);
    for (const path of programsOf(folder)) chmodSync(path, 0o755);
  });
  return join(folder, "bin", "go");
}

function programsOf(folder: string): string[] {
  const tools = join(folder, "pkg", "tool");
  const folders = [
    join(folder, "bin"),
    ...(existsSync(tools) ? readdirSync(tools).map((name) => join(tools, name)) : []),
  ];
  return folders.flatMap((parent) => readdirSync(parent).map((name) => join(parent, name)));
}
