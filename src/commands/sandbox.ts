import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashToken } from "../app/operator-services.ts";
import { createPinoLog } from "../app/pino-log.ts";
import { startService } from "../app/start-service.ts";
import { sqlitePath } from "../app/storage.ts";
import { generateKeyPair, parsePrivateKey } from "../crypto/keys.ts";
import { openSqlite } from "../database/sqlite-connection.ts";
import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { createSqliteOperators } from "../operators/sqlite-operators.ts";
import { createRequestContext } from "../request-context.ts";
import { createSandboxHub, type SandboxHub } from "../sandbox/hub/hub.ts";
import { createTamperSwitch } from "../sandbox/hub/tamper-switch.ts";
import { createSandboxIdentity, type SandboxIdentity } from "../sandbox/identity.ts";
import { createSeed, type SeedNode } from "../sandbox/seed.ts";
import { listen } from "../server/server.ts";
import { parseSettings } from "../settings/load.ts";
import type { Settings } from "../settings/settings.ts";
import { consoleLink, newTicket } from "./console.ts";
import type { ProcessIo } from "./process-io.ts";
import { sandboxClients } from "./sandbox-clients.ts";
import { describeSandbox } from "./sandbox-tour.ts";

export interface SandboxOptions {
  /** Port of node A. Identity provider, Hub and node B take the next three. 0 = any free ports. */
  readonly port: number;
  readonly dataDir?: string;
  /** File with node A's private key, for a node outside the sandbox that takes its place. Default: a new key. */
  readonly nodeAKey?: string;
}

const host = "127.0.0.1";
const tokenLifeSeconds = 24 * 3600;
/** The three behind it are ports as well. */
const lastPort = 65_535 - 3;

/** Runs two nodes and everything they need on this machine, until a stop signal. Resolves with the exit code. */
export async function sandbox(io: ProcessIo, { port, dataDir, nodeAKey }: SandboxOptions): Promise<number> {
  if (port > lastPort) {
    io.printError(`The sandbox cannot start: it takes four ports in a row, so --port may be ${lastPort} at most`);
    return 1;
  }
  const context = createRequestContext();
  const log = createPinoLog({ level: "info", format: "pretty", write: io.writeLog, context: context.fields });
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), "flame-result-sandbox-"));
  const stops: (() => Promise<unknown>)[] = [];
  if (dataDir === undefined) stops.push(async () => rmSync(folder, { recursive: true, force: true }));
  try {
    const keysA = nodeAKey === undefined ? generateKeyPair("P-384") : readKeyPair(io.readTextFile(nodeAKey));
    const keysB = generateKeyPair("P-384");
    const seed = createSeed({ nodeKeys: { a: keysA.publicKey.pem, b: keysB.publicKey.pem } });
    const [nodeA, nodeB] = seed.nodes;
    if (nodeA === undefined || nodeB === undefined) throw new Error("two nodes are needed");
    const clients = sandboxClients();
    const identity = await createSandboxIdentity({ clients, tokenLifeSeconds });
    const hub = createSandboxHub({ generation: "2026", seed });
    const parts = listenParts(identity, hub, port, log);
    stops.push(parts.stop, () => hub.close());
    const startNode = async (place: NodePlace) => {
      const service = await startService(nodeSettings(parts, place), { log, context });
      stops.push(service.stop);
      return service.url;
    };
    const [portA, portB] = [port, port === 0 ? 0 : port + 3];
    const urlA = await startNode({ node: nodeA, privatePem: keysA.privatePem, port: portA, folder: join(folder, "a") });
    const urlB = await startNode({ node: nodeB, privatePem: keysB.privatePem, port: portB, folder: join(folder, "b") });
    const tokens = await Promise.all(clients.map(async ({ name, id }) => ({ name, token: await identity.token(id) })));
    const consoleUrl = consoleLink(urlA, await addTicket(join(folder, "a")));
    io.print(describeSandbox({ urlA, urlB, nodeB: nodeB.id, consoleUrl, ...parts, tokens, keptIn: dataDir }));
    await io.stopRequested;
    return 0;
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const advice = isTaken ? " It takes four ports in a row: choose the first by --port" : "";
    io.printError(`The sandbox cannot start: ${reasonOf(error).replace(/(?<![.?!])$/, ".")}${advice}`);
    return 1;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** Adds a ticket for a link to the operators' page, as `flame-result console` does. */
async function addTicket(folder: string): Promise<string> {
  const sqlite = openSqlite(sqlitePath(folder));
  const ticket = newTicket();
  const operators = createSqliteOperators(sqlite, Date.now, undefined);
  await operators.addTicket(hashToken(ticket), "sandbox").finally(sqlite.close);
  return ticket;
}

function readKeyPair(privatePem: string) {
  return { privatePem, publicKey: parsePrivateKey(privatePem).publicKey };
}

function listenParts(identity: SandboxIdentity, hub: SandboxHub, port: number, log: Log) {
  const next = (offset: number) => (port === 0 ? 0 : port + offset);
  const provider = listen({ hostname: host, port: next(1), fetch: identity.fetch, log });
  const tamperSwitch = createTamperSwitch(hub);
  const standIn = listen({
    hostname: host,
    port: next(2),
    fetch: async (request, connection) =>
      tamperSwitch(request) ?? hub.fetch(request, { timeout: (_, seconds) => connection.setIdleTimeout(seconds) }),
    log,
  });
  return {
    identityUrl: `http://${host}:${provider.port}`,
    hubUrl: `http://${host}:${standIn.port}`,
    stop: () => Promise.all([provider.stop(1), standIn.stop(1)]),
  };
}

interface NodePlace {
  readonly node: SeedNode;
  readonly privatePem: string;
  readonly port: number;
  readonly folder: string;
}

/** Parses the settings like an operator's, so that nothing works only in the sandbox. */
function nodeSettings(urls: { identityUrl: string; hubUrl: string }, place: NodePlace): Settings {
  const { identityUrl, hubUrl } = urls;
  const parsed = parseSettings(
    {
      DATA_DIR: place.folder,
      SERVER__HOST: host,
      SERVER__PORT: String(place.port),
      SERVER__SHUTDOWN_SECONDS: "5",
      OIDC__CERTS_URL: `${identityUrl}/certs`,
      OPERATOR__ROLES: "operator",
      OPERATOR__OIDC_ISSUER: identityUrl,
      OPERATOR__OIDC_CLIENT_ID: "console",
      RECORD__ENABLED: "1",
      HUB__AUTH_BASE_URL: `${hubUrl}/auth`,
      HUB__CORE_BASE_URL: `${hubUrl}/core`,
      HUB__STORAGE_BASE_URL: `${hubUrl}/storage`,
      HUB__AUTH__FLOW: "client",
      HUB__AUTH__ID: place.node.clientId,
      HUB__AUTH__SECRET: place.node.clientSecret,
      CRYPTO__PROVIDER: "raw",
      CRYPTO__ECDH_PRIVATE_KEY: place.privatePem,
      CRYPTO__FRAMING: "bound",
    },
    () => "",
  );
  if (parsed.settings === undefined) throw new Error(parsed.problems.join("; "));
  return parsed.settings;
}
