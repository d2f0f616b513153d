import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKeyPair } from "../crypto/keys.ts";
import type { Log } from "../log.ts";
import { createPinoLog } from "../pino-log.ts";
import { createRequestContext } from "../request-context.ts";
import { createSandboxHub, type SandboxHub } from "../sandbox/hub.ts";
import { createSandboxIdentity, type SandboxIdentity } from "../sandbox/identity.ts";
import { createSeed, type SandboxSeed } from "../sandbox/seed.ts";
import { listen } from "../server.ts";
import { parseSettings, type Settings } from "../settings.ts";
import type { Edge } from "./edge.ts";
import { sandboxClients } from "./sandbox-clients.ts";
import { describeSandbox } from "./sandbox-tour.ts";
import { startService } from "./start-service.ts";

export interface SandboxOptions {
  /** Identity provider and Hub take the next two; 0 = any three free ones. */
  readonly port: number;
  readonly dataDir?: string;
}

const host = "127.0.0.1";
const tokenLifeSeconds = 24 * 3600;

/** Runs the service with everything it needs on this machine until it is told to stop; resolves with the exit code. */
export async function sandbox(edge: Edge, { port, dataDir }: SandboxOptions): Promise<number> {
  const context = createRequestContext();
  const log = createPinoLog({ level: "info", format: "pretty", write: edge.writeLog, context: context.fields });
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), "flame-result-sandbox-"));
  const stops: (() => Promise<unknown>)[] = [];
  if (dataDir === undefined) stops.push(async () => rmSync(folder, { recursive: true, force: true }));
  try {
    const keys = generateKeyPair("P-384");
    const seed = createSeed({ nodeKeys: { a: keys.publicKey.pem, b: generateKeyPair("P-384").publicKey.pem } });
    const clients = sandboxClients();
    const identity = await createSandboxIdentity({ clients, tokenLifeSeconds });
    const hub = createSandboxHub({ generation: "2026", seed });
    const parts = listenParts(identity, hub, port, log);
    stops.push(parts.stop, () => hub.close());
    const settings = sandboxSettings({ ...parts, seed, port, folder, privatePem: keys.privatePem });
    const service = await startService(settings, { log, context });
    stops.push(service.stop);
    const tokens = await Promise.all(clients.map(async ({ name, id }) => ({ name, token: await identity.token(id) })));
    edge.print(describeSandbox({ serviceUrl: service.url, ...parts, tokens, keptIn: dataDir }));
    await edge.stopRequested;
    return 0;
  } catch (error) {
    edge.complain(`The sandbox cannot start: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

function listenParts(identity: SandboxIdentity, hub: SandboxHub, port: number, log: Log) {
  const next = (offset: number) => (port === 0 ? 0 : port + offset);
  const provider = listen({ hostname: host, port: next(1), fetch: identity.fetch, log });
  const standIn = listen({
    hostname: host,
    port: next(2),
    fetch: (request, connection) => hub.fetch(request, { timeout: (_, seconds) => connection.setIdleTimeout(seconds) }),
    log,
  });
  return {
    identityUrl: `http://${host}:${provider.port}`,
    hubUrl: `http://${host}:${standIn.port}`,
    stop: () => Promise.all([provider.stop(1), standIn.stop(1)]),
  };
}

interface SandboxParts {
  readonly identityUrl: string;
  readonly hubUrl: string;
  readonly seed: SandboxSeed;
  readonly port: number;
  readonly folder: string;
  readonly privatePem: string;
}

/** Through the same door as an operator's settings, so that nothing works in the sandbox alone. */
function sandboxSettings({ identityUrl, hubUrl, seed, port, folder, privatePem }: SandboxParts): Settings {
  const [node] = seed.nodes;
  const parsed = parseSettings(
    {
      DATA_DIR: folder,
      SERVER__HOST: host,
      SERVER__PORT: String(port),
      SERVER__SHUTDOWN_SECONDS: "5",
      OIDC__CERTS_URL: `${identityUrl}/certs`,
      HUB__AUTH_BASE_URL: `${hubUrl}/auth`,
      HUB__CORE_BASE_URL: `${hubUrl}/core`,
      HUB__STORAGE_BASE_URL: `${hubUrl}/storage`,
      HUB__AUTH__FLOW: "client",
      HUB__AUTH__ID: node?.clientId,
      HUB__AUTH__SECRET: node?.clientSecret,
      CRYPTO__PROVIDER: "raw",
      CRYPTO__ECDH_PRIVATE_KEY: privatePem,
    },
    () => "",
  );
  if (parsed.settings === undefined) throw new Error(parsed.problems.join("; "));
  return parsed.settings;
}
