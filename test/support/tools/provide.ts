import { fetchPythonGenerator, fetchTypescriptGenerator } from "./client-generators.ts";
import { buildGoTool, findGoTool, goToolNames } from "./go-tools.ts";
import { fetchKeycloak } from "./keycloak-files.ts";
import { fetchKubernetesValidator } from "./kubernetes-schemas.ts";
import { fetchPythonCryptography } from "./python.ts";

/**
 * `bun run test:tools`: fetches and builds the third-party programs that the tests run against, one after the other. What
 * is there already is kept. With a cold cache it takes a quarter of an hour and needs Go, Java, Maven and Python.
 */
const failures: unknown[] = [];

async function provide(name: string, isThere: boolean, work: () => Promise<unknown>): Promise<void> {
  if (isThere) return;
  const start = performance.now();
  console.log(`${name}: being made`);
  await work().then(
    () => console.log(`${name}: ready after ${Math.round((performance.now() - start) / 1000)} s`),
    (error: unknown) => {
      console.log(`${name}: ${error instanceof Error ? error.message.slice(-3000) : error}`);
      failures.push(error);
    },
  );
}

for (const name of goToolNames) await provide(name, findGoTool(name) !== undefined, () => buildGoTool(name));
await provide("keycloak", false, fetchKeycloak);
await provide("python-cryptography", false, fetchPythonCryptography);
await provide("openapi-python-client", false, fetchPythonGenerator);
await provide("kubernetes-validate", false, fetchKubernetesValidator);
await provide("openapi-typescript", false, fetchTypescriptGenerator);
process.exit(failures.length === 0 ? 0 : 1);
