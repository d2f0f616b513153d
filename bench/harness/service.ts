import { type RunningProcess, startProcess } from "./process.ts";
import type { World } from "./world.ts";

/** The executable as it is shipped, in a process of its own. */
export interface Service extends RunningProcess {
  readonly url: string;
  readonly nodeId: string;
}

/** What node A or node B of a world is started with, on the given storage. */
export function serviceEnvironment(
  world: World,
  env: Record<string, string>,
  index: 0 | 1 = 0,
): Record<string, string> {
  const { generation, hubUrl, certsUrl, seed, privateKeys } = world;
  const node = seed.nodes[index];
  const isRobot = generation === "2025";
  return {
    PATH: "/usr/bin:/bin",
    SERVER__HOST: "127.0.0.1",
    SERVER__PORT: "0",
    OIDC__CERTS_URL: certsUrl,
    HUB__AUTH_BASE_URL: `${hubUrl}/auth`,
    HUB__CORE_BASE_URL: `${hubUrl}/core`,
    HUB__STORAGE_BASE_URL: `${hubUrl}/storage`,
    HUB__AUTH__FLOW: isRobot ? "robot" : "client",
    HUB__AUTH__ID: (isRobot ? node?.robotId : node?.clientId) ?? "",
    HUB__AUTH__SECRET: (isRobot ? node?.robotSecret : node?.clientSecret) ?? "",
    CRYPTO__PROVIDER: "raw",
    CRYPTO__ECDH_PRIVATE_KEY: privateKeys[index] ?? "",
    ...env,
  };
}

export async function startService(
  executable: string,
  world: World,
  env: Record<string, string>,
  index: 0 | 1 = 0,
): Promise<Service> {
  const running = await startProcess([executable, "serve"], /"url":"([^"]+)"/, serviceEnvironment(world, env, index));
  return { ...running, url: running.match[1] ?? "", nodeId: world.seed.nodes[index]?.id ?? "" };
}
