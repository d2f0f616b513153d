import { existsSync } from "node:fs";
import { join } from "node:path";
import { installPythonPackage } from "./python.ts";
import { runTool } from "./run-tool.ts";
import { provideFolder, toolFolder } from "./tool-cache.ts";

/** What makes clients of an OpenAPI document, with all that these clients need at run time. */
const PYTHON_GENERATOR = "0.29.1";
const TYPESCRIPT = { "openapi-typescript": "7.13.0", "openapi-fetch": "0.17.0", typescript: "5.9.3" } as const;

const pythonFolder = toolFolder("openapi-python-client", PYTHON_GENERATOR);
const typescriptFolder = toolFolder("openapi-typescript", TYPESCRIPT["openapi-typescript"]);

export interface PythonGenerator {
  readonly python: string;
  readonly env: Record<string, string | undefined>;
}

/** Python with openapi-python-client; undefined where it was not fetched. */
export function findPythonGenerator(): PythonGenerator | undefined {
  const python = Bun.which("python3");
  if (python === null || !existsSync(pythonFolder)) return undefined;
  return { python, env: { ...Bun.env, PYTHONPATH: join(pythonFolder, "packages") } };
}

/** The folder whose `node_modules` has openapi-typescript, openapi-fetch and a TypeScript; undefined where it was not fetched. */
export function findTypescriptGenerator(): string | undefined {
  return existsSync(typescriptFolder) ? typescriptFolder : undefined;
}

/** From PyPI. */
export async function fetchPythonGenerator(): Promise<void> {
  await provideFolder(pythonFolder, (part) => installPythonPackage(part, `openapi-python-client==${PYTHON_GENERATOR}`));
}

/** From npm; apart from this project's own packages, as it needs another TypeScript. */
export async function fetchTypescriptGenerator(): Promise<void> {
  await provideFolder(typescriptFolder, async (part) => {
    await Bun.write(join(part, "package.json"), JSON.stringify({ private: true, dependencies: TYPESCRIPT }));
    await runTool([process.execPath, "install", "--cwd", part, "--ignore-scripts"]);
  });
}
