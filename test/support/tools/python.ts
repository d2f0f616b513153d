import { existsSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "./run-tool.ts";
import { provideFolder, toolFolder } from "./tool-cache.ts";

const CRYPTOGRAPHY = "48.0.0";
const folder = toolFolder("python-cryptography", CRYPTOGRAPHY);
const packages = join(folder, "packages");

/** What runs a program that imports Python's `cryptography`: the cached one, or else one that is installed. */
export function findPythonWithCryptography() {
  const python = Bun.which("python3");
  if (python === null) return undefined;
  const env = existsSync(packages) ? { ...Bun.env, PYTHONPATH: packages } : { ...Bun.env };
  const trial = Bun.spawnSync([python, "-c", "import cryptography.hazmat.primitives.kdf.hkdf"], {
    env,
    stderr: "ignore",
  });
  return trial.exitCode === 0 ? { python, env } : undefined;
}

export const pythonCryptographyInstalled = () => findPythonWithCryptography() !== undefined;

/** From PyPI. */
export async function fetchPythonCryptography(): Promise<void> {
  await provideFolder(folder, (part) => installPythonPackage(part, `cryptography==${CRYPTOGRAPHY}`));
}

/** Into `packages`, by the pip of Debian's python3-venv; the environment itself is thrown away, for it cannot be moved. */
export async function installPythonPackage(part: string, specification: string): Promise<void> {
  const python = Bun.which("python3");
  if (python === null) throw new Error("python3 is not installed");
  const venv = join(part, "venv");
  await runTool([python, "-m", "venv", venv]);
  const pip = [join(venv, "bin/python"), "-m", "pip", "install", "-q", "--target", join(part, "packages")];
  await runTool([...pip, specification]);
  await runTool(["rm", "-rf", venv]);
}
