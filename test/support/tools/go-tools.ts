import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../daemon.ts";
import { findGo } from "./go-compiler.ts";
import { provideFolder, toolFolder } from "./tool-cache.ts";

interface GoTool {
  readonly module: string;
  readonly version: string;
  /** The program within the module. */
  readonly package: string;
  /** The version of the language that the module is written in. */
  readonly go: string;
  /** The `replace` line of the module, which counts only in the main module. */
  readonly replace?: string;
}

/** All are pinned; those without releases that Go accepts, to a commit. */
const TOOLS = {
  // 4.53
  weed: {
    module: "github.com/seaweedfs/seaweedfs",
    version: "v0.0.0-20261109003541-7506e5f91cd6",
    package: "weed",
    go: "1.26.6",
    replace: "github.com/tyler-smith/go-bip39 => github.com/cosmos/go-bip39 v1.0.0",
  },
  minio: {
    module: "github.com/minio/minio",
    version: "v0.0.0-20260212201848-7aac2a2c5b7c",
    package: "",
    go: "1.24.0",
  },
  versitygw: {
    module: "github.com/versity/versitygw",
    version: "v1.8.0",
    package: "cmd/versitygw",
    go: "1.25.0",
  },
  helm: { module: "helm.sh/helm/v3", version: "v3.22.0", package: "cmd/helm", go: "1.26.0" },
} as const satisfies Record<string, GoTool>;

export type GoToolName = keyof typeof TOOLS;
export const goToolNames = Object.keys(TOOLS) as readonly GoToolName[];

const pathOf = (name: GoToolName): string => join(toolFolder(name, TOOLS[name].version), name);

/** Where the program is; undefined where it was not built on this machine. */
export function findGoTool(name: GoToolName): string | undefined {
  const path = pathOf(name);
  return existsSync(path) ? path : undefined;
}

/** Builds the program unless it is there; with a cold cache that takes some minutes. */
export async function buildGoTool(name: GoToolName): Promise<string> {
  const tool: GoTool = TOOLS[name];
  await provideFolder(toolFolder(name, tool.version), async (folder) => {
    const go = await findGo();
    // A module of our own around it: `go install` refuses a module with a `replace` line.
    const around = mkdtempSync(join(tmpdir(), "flame-result-build-"));
    try {
      writeFileSync(join(around, "go.mod"), moduleAround(tool));
      const target = tool.package === "" ? tool.module : `${tool.module}/${tool.package}`;
      const flags = ["-mod=mod", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"];
      await run(["nice", "env", ...environment, go, "-C", around, "build", ...flags, "-o", join(folder, name), target]);
    } finally {
      rmSync(around, { recursive: true, force: true });
    }
  });
  return pathOf(name);
}

/** Nothing of what this machine has set for Go, and no compiler for C. */
const environment = ["GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "GOEXPERIMENT=", "CGO_ENABLED=0"];

function moduleAround({ module, version, go, replace }: GoTool): string {
  const lines = ["module around", "", `go ${go}`, "", `require ${module} ${version}`];
  return `${[...lines, ...(replace === undefined ? [] : [`replace ${replace}`])].join("\n")}\n`;
}
