import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createServerDir, findFreePort, startDaemon, until, withRetries } from "./daemon.ts";
import { findKeycloak } from "./tools/keycloak-files.ts";

/** A throw-away Keycloak on loopback with one imported realm. */
export interface KeycloakServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Its first start compiles itself, which takes a minute and a half of a slow machine. */
const START_MS = 240_000;

export const keycloakInstalled = (): boolean => findKeycloak() !== undefined;

/** `environment`: as the image would be given it. */
export function startKeycloak(realmFile: string, environment: Record<string, string> = {}): Promise<KeycloakServer> {
  return withRetries(() => start(realmFile, environment), 2);
}

async function start(realmFile: string, environment: Record<string, string>): Promise<KeycloakServer> {
  const release = findKeycloak();
  if (release === undefined) throw new Error("Keycloak is not there (npx bun run test:tools), or Java is missing");
  const dir = createServerDir("keycloak");
  // A copy, for it writes into its own folders.
  const home = join(dir, "keycloak");
  cpSync(release, home, { recursive: true });
  mkdirSync(join(home, "data/import"), { recursive: true });
  cpSync(realmFile, join(home, "data/import/realm.json"));
  const [port, management] = [await findFreePort(), await findFreePort()];
  const variables = {
    ...environment,
    KC_HTTP_PORT: String(port),
    KC_HTTP_HOST: "127.0.0.1",
    KC_HTTP_MANAGEMENT_PORT: String(management),
    KC_HEALTH_ENABLED: "true",
    KC_CACHE: "local",
    JAVA_OPTS_APPEND: "-Xmx700m -Djava.net.preferIPv4Stack=true",
  };
  const log = join(dir, "output.log");
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const daemon = startDaemon(["env", ...settings, join(home, "bin/kc.sh"), "start-dev", "--import-realm"], log);
  const stop = async () => {
    await daemon.kill();
    rmSync(dir, { recursive: true, force: true });
  };
  const isReady = async () => {
    if (!daemon.isRunning()) throw new Error(`Keycloak did not start:\n${readFileSync(log, "utf8").slice(-2000)}`);
    return isHealthy(management);
  };
  await until(isReady, "Keycloak to be ready", START_MS).catch(async (error) => {
    await stop();
    throw error;
  });
  return { url: `http://127.0.0.1:${port}`, stop };
}

async function isHealthy(port: number): Promise<boolean> {
  const asked = fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(5000), proxy: false });
  return asked.then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );
}
