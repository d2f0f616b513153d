import { createHub, type HubOptions } from "../../src/hub/create-hub.ts";
import type { Hub } from "../../src/hub/hub.ts";
import type { SignIn } from "../../src/hub/sign-in.ts";
import { createOutbound } from "../../src/hub/transport/create-outbound.ts";
import type { OutboundLimits } from "../../src/hub/transport/outbound.ts";
import type { ProxySettings } from "../../src/hub/transport/proxy.ts";
import type { Log } from "../../src/log.ts";
import { createSandboxHub, type HubGeneration, type SandboxHub } from "../../src/sandbox/hub/hub.ts";
import { createSeed, type SandboxSeed } from "../../src/sandbox/seed.ts";

export const GENERATIONS: readonly HubGeneration[] = ["2025", "2026-snake", "2026"];
export const UNKNOWN_ID = "00000000-0000-4000-8000-00000000dead";

const seed = createSeed({ nodeKeys: { a: "PEM of A", b: "PEM of B" } });
const [projectA, projectB] = seed.projects;
const [analysis1, analysis2, analysis3] = seed.analyses;
const [nodeA, nodeB] = seed.nodes;
if (!projectA || !projectB || !analysis1 || !analysis2 || !analysis3 || !nodeA || !nodeB) throw new Error("small seed");
export const SEED = { projectA, projectB, analysis1, analysis2, analysis3, nodeA, nodeB, user: seed.user };

export interface LoggedEvent {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

export interface ServedHub {
  readonly sandbox: SandboxHub;
  readonly baseUrl: string;
  readonly logged: LoggedEvent[];
  /** A client of its own, signed in as node A unless told otherwise. */
  connect(options?: ConnectOptions): Hub;
  /** How many requests came in whose path matches. */
  count(path: RegExp, method?: string): number;
  stop(): Promise<void>;
}

export interface ConnectOptions
  extends Partial<Pick<HubOptions, "cacheSeconds" | "limitMs" | "sourceIdleMs" | "now" | "wallNow">> {
  readonly signIn?: SignIn;
  readonly limits?: Partial<OutboundLimits>;
  readonly proxy?: ProxySettings;
  readonly baseUrl?: string;
}

export interface ServeOptions {
  readonly generation: HubGeneration;
  readonly seed?: SandboxSeed;
  readonly tokenLifeSeconds?: number;
  readonly now?: () => number;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** The stand-in on a free port. */
export function serveHub(options: ServeOptions): ServedHub {
  const { generation, tokenLifeSeconds, now, tls } = options;
  const sandbox = createSandboxHub({
    generation,
    seed: options.seed ?? seed,
    ...(tokenLifeSeconds === undefined ? {} : { tokenLifeSeconds }),
    ...(now === undefined ? {} : { now }),
  });
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: sandbox.fetch,
    ...(tls === undefined ? {} : { tls: { ...tls } }),
  });
  const served = `${tls === undefined ? "http" : "https"}://127.0.0.1:${server.port}`;
  const logged: LoggedEvent[] = [];

  function connect({ signIn, limits, proxy, baseUrl = served, ...rest }: ConnectOptions = {}): Hub {
    const log = collectingLog(logged);
    const outbound = createOutbound({ log, proxy, limits: { backoffMs: 5, ...limits } });
    const urls = { authUrl: `${baseUrl}/auth`, coreUrl: `${baseUrl}/core/`, storageUrl: `${baseUrl}/storage` };
    const identity = signIn ?? nodeSignIn(generation, SEED.nodeA);
    return createHub({ ...urls, signIn: identity, outbound, cacheSeconds: 300, now: Date.now, log, ...rest });
  }

  return {
    sandbox,
    baseUrl: served,
    logged,
    connect,
    count: (path, method) =>
      sandbox.requests.filter((one) => path.test(one.path) && (method === undefined || one.method === method)).length,
    async stop() {
      await server.stop(true);
      await sandbox.close();
    },
  };
}

export function nodeSignIn(generation: HubGeneration, node: typeof SEED.nodeA): SignIn {
  if (generation === "2025") return { flow: "robot", id: node.robotId, secret: node.robotSecret };
  return { flow: "client", id: node.clientId, secret: node.clientSecret };
}

export function collectingLog(logged: LoggedEvent[]): Log {
  const at = (level: string) => (event: string, fields?: Readonly<Record<string, unknown>>) => {
    logged.push({ level, event, fields });
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
