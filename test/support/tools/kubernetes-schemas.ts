import { existsSync } from "node:fs";
import { join } from "node:path";
import { installPythonPackage } from "./python.ts";
import { provideFolder, toolFolder } from "./tool-cache.ts";

/** Has the schemas of each Kubernetes from 1.25 on in itself, so that nothing is fetched when it is used. */
const VALIDATOR = "1.37.0";
const folder = toolFolder("kubernetes-validate", VALIDATOR);

export interface KubernetesValidator {
  readonly command: readonly string[];
  readonly env: Record<string, string | undefined>;
}

/** kubernetes-validate; undefined where it was not fetched. */
export function findKubernetesValidator(): KubernetesValidator | undefined {
  const python = Bun.which("python3");
  if (python === null || !existsSync(folder)) return undefined;
  const env = { ...Bun.env, PYTHONPATH: join(folder, "packages") };
  return { command: [python, "-m", "kubernetes_validate"], env };
}

/** From PyPI. */
export async function fetchKubernetesValidator(): Promise<void> {
  await provideFolder(folder, (part) => installPythonPackage(part, `kubernetes-validate==${VALIDATOR}`));
}
