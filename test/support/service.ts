import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startService } from "../../src/app/start-service.ts";
import { generateKeyPair } from "../../src/crypto/keys.ts";
import { createRequestContext } from "../../src/request-context.ts";
import { createSandboxHub, type HubGeneration, type SandboxHub } from "../../src/sandbox/hub/hub.ts";
import { createSandboxIdentity, type SandboxIdentity } from "../../src/sandbox/identity.ts";
import { createSeed, type SandboxSeed } from "../../src/sandbox/seed.ts";
import type { Environment } from "../../src/settings/environment.ts";
import { parseSettings } from "../../src/settings/load.ts";
import { createInspector } from "../openapi/inspector.ts";
import { isReviewed, reviewEnv, startApprover } from "./approver.ts";
import { createTestLog, type LogLine } from "./log.ts";
import { createTestDatabase, testPostgresUrl } from "./postgres-database.ts";
import { createTestBucket, type TestBucket, type TestS3, testS3 } from "./s3.ts";

/** What the service keeps its data in; every HTTP suite is run on both. */
export type Backend = "embedded" | "servers";
const allBackends: readonly Backend[] = ["embedded", "servers"];
/** One alone where TEST_BACKENDS names it: runs on more object stores need not repeat the other. */
export const backends = allBackends.filter((backend) => (Bun.env.TEST_BACKENDS ?? backend) === backend);
/** False where no PostgreSQL and S3 are at hand: those suites are skipped then. */
export const isAvailable = (backend: Backend) =>
  backend === "embedded" || (testS3 !== undefined && testPostgresUrl !== undefined);

/** The Hub, the identity provider and the nodes' keys; two services may share them. */
interface World {
  readonly hub: SandboxHub;
  readonly hubUrl: string;
  readonly identity: SandboxIdentity;
  readonly identityUrl: string;
  readonly seed: SandboxSeed;
  /** PEM of node A and node B. */
  readonly privateKeys: readonly [string, string];
  stop(): Promise<void>;
}

export interface TestService {
  readonly world: World;
  /** This node's id on the Hub. */
  readonly nodeId: string;
  /** Another node's; what is sent there opens here too by that id, as both derive the same key. */
  readonly peerNodeId: string;
  /** What the service was started on; the port is that of `url`. */
  readonly environment: Environment;
  readonly url: string;
  readonly hub: SandboxHub;
  readonly hubUrl: string;
  readonly identity: SandboxIdentity;
  readonly identityUrl: string;
  readonly logLines: readonly LogLine[];
  /** Where the data is: in a folder or in a bucket. */
  readonly dataDir: string | undefined;
  readonly bucket: TestBucket | undefined;
  /** Ids of the seed: analyses 1 and 2 are of project 1, analysis 3 is of project 2. */
  readonly analyses: readonly [string, string, string];
  readonly projects: readonly [string, string];
  /** What was answered so far, as `operationId status`; all of it is held against the OpenAPI document. */
  readonly answered: ReadonlySet<string>;
  /** A request with the token of a client: `1`, `2`, `3`, the Hub Adapter's or an operator's, see `asOperators`; more `init` wins. */
  fetch(as: Client, path: string, init?: RequestInit): Promise<Response>;
  token(as: Client): Promise<string>;
  /** Stops the service alone; its data stays until `stop`. */
  shutDown(): Promise<void>;
  stop(): Promise<void>;
}

export type Client = "1" | "2" | "3" | "adapter" | "operator" | "nobody";

/** A setting by which the client `operator` is one. */
export const asOperators = { OPERATOR__CLIENT_IDS: "operator" } as const;

/** A PostgreSQL and an object store of a suite's own. */
export interface OwnServers {
  readonly postgresUrl: string;
  readonly s3: TestS3;
}

export interface TestServiceOptions {
  readonly backend?: Backend;
  /** Instead of those in the environment. What is made there is left to them. */
  readonly servers?: OwnServers | undefined;
  readonly generation?: HubGeneration;
  /** Settings over the usual ones. */
  readonly env?: Record<string, string>;
  readonly stallMs?: number;
  /** Makes this the second node, node B, of the Hub that the other one uses. */
  readonly besides?: TestService;
}

/** The service as it is served, with the sandbox's Hub and identity provider, everything on free ports. */
export async function startTestService(options: TestServiceOptions = {}): Promise<TestService> {
  const { backend = "embedded", generation = "2026", env = {}, servers, stallMs, besides } = options;
  const world = besides?.world ?? (await startWorld(generation));
  const { hub, hubUrl, identity, identityUrl, seed } = world;
  const storage = await openBackend(backend, servers);
  const index = besides === undefined ? 0 : 1;
  const node = seed.nodes[index];
  const environment: Environment = {
    SERVER__HOST: "127.0.0.1",
    SERVER__PORT: "0",
    SERVER__SHUTDOWN_SECONDS: "2",
    OIDC__CERTS_URL: `${identityUrl}/certs`,
    HUB__AUTH_BASE_URL: `${hubUrl}/auth`,
    HUB__CORE_BASE_URL: `${hubUrl}/core`,
    HUB__STORAGE_BASE_URL: `${hubUrl}/storage`,
    HUB__AUTH__FLOW: hub.generation === "2025" ? "robot" : "client",
    HUB__AUTH__ID: hub.generation === "2025" ? node?.robotId : node?.clientId,
    HUB__AUTH__SECRET: hub.generation === "2025" ? node?.robotSecret : node?.clientSecret,
    CRYPTO__PROVIDER: "raw",
    CRYPTO__ECDH_PRIVATE_KEY: world.privateKeys[index],
    ...storage.env,
    ...(isReviewed(env) ? reviewEnv : {}),
    ...env,
  };
  const parsed = parseSettings(environment, () => "");
  if (parsed.settings === undefined) throw new Error(parsed.problems.join("\n"));
  const { log, lines } = createTestLog();
  const inspector = createInspector();
  const service = await startService(parsed.settings, {
    log,
    context: createRequestContext(),
    inspect: inspector.inspect,
    ...(stallMs === undefined ? {} : { stallMs }),
  });
  const approver = isReviewed(env) ? await startApprover(parsed.settings) : undefined;

  const [a1, a2, a3] = seed.analyses.map(({ id }) => id);
  const [p1, p2] = seed.projects.map(({ id }) => id);
  if (!a1 || !a2 || !a3 || !p1 || !p2) throw new Error("the seed is too small");
  const clientIds = {
    "1": a1,
    "2": a2,
    "3": a3,
    adapter: "hub-adapter",
    operator: "operator",
    nobody: crypto.randomUUID(),
  };
  let stopped: Promise<void> | undefined;
  const shutDown = () => {
    stopped ??= service.stop();
    return stopped;
  };
  const token = (as: Client) => identity.token(clientIds[as]);

  return {
    world,
    nodeId: node?.id ?? "",
    peerNodeId: seed.nodes.find(({ id }) => id !== node?.id)?.id ?? "",
    environment,
    url: `http://127.0.0.1:${service.port}`,
    hub,
    hubUrl,
    identity,
    identityUrl,
    logLines: lines,
    dataDir: storage.dataDir,
    bucket: storage.bucket,
    analyses: [a1, a2, a3],
    projects: [p1, p2],
    answered: inspector.seen,
    token,
    async fetch(as, path, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has("authorization")) headers.set("authorization", `Bearer ${await token(as)}`);
      const answer = await fetch(`http://127.0.0.1:${service.port}${path}`, { ...init, headers });
      return (
        approver?.settle(answer, (again) => fetch(`http://127.0.0.1:${service.port}${again}`, { headers })) ?? answer
      );
    },
    shutDown,
    async stop() {
      await shutDown();
      await approver?.stop();
      if (besides === undefined) await world.stop();
      await storage.drop();
      if (inspector.complaints.length > 0) throw new Error(inspector.complaints.join("\n"));
    },
  };
}

async function startWorld(generation: HubGeneration): Promise<World> {
  const keys = { a: generateKeyPair("P-384"), b: generateKeyPair("P-384") };
  const seed = createSeed({ nodeKeys: { a: keys.a.publicKey.pem, b: keys.b.publicKey.pem } });
  const identity = await createSandboxIdentity({ clients: [] });
  const hub = createSandboxHub({ generation, seed });
  const hostname = "127.0.0.1";
  const provider = Bun.serve({ port: 0, hostname, fetch: identity.fetch });
  const limits = { maxRequestBodySize: Number.MAX_SAFE_INTEGER, idleTimeout: 0 };
  const standIn = Bun.serve({ port: 0, hostname, fetch: hub.fetch, ...limits });
  return {
    hub,
    hubUrl: `http://127.0.0.1:${standIn.port}`,
    identity,
    identityUrl: `http://127.0.0.1:${provider.port}`,
    seed,
    privateKeys: [keys.a.privatePem, keys.b.privatePem],
    async stop() {
      await Promise.all([provider.stop(true), standIn.stop(true), hub.close()]);
    },
  };
}

async function openBackend(backend: Backend, servers?: OwnServers) {
  if (backend === "embedded") {
    const dataDir = await mkdtemp(join(tmpdir(), "flame-result-test-"));
    return {
      dataDir,
      bucket: undefined,
      env: { DATA_DIR: dataDir },
      drop: () => rm(dataDir, { recursive: true, force: true }),
    };
  }
  const database = await createTestDatabase(servers?.postgresUrl);
  const bucket = await createTestBucket(servers?.s3);
  return {
    dataDir: undefined,
    bucket,
    env: {
      MINIO__ENDPOINT: new URL(bucket.endpoint).host,
      MINIO__ACCESS_KEY: bucket.accessKey,
      MINIO__SECRET_KEY: bucket.secretKey,
      MINIO__BUCKET: bucket.bucket,
      POSTGRES__HOST: database.settings.host,
      POSTGRES__PORT: String(database.settings.port),
      POSTGRES__USER: database.settings.user,
      POSTGRES__PASSWORD: database.settings.password || "unused",
      POSTGRES__DB: database.settings.database,
    },
    async drop() {
      if (servers !== undefined) return;
      await database.drop();
      await bucket.drop();
    },
  };
}

/** A multipart form with a file and whatever else, in the order given. */
export function formOf(...parts: readonly (readonly [string, string | File])[]): FormData {
  const form = new FormData();
  for (const [name, value] of parts) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, value, value.name);
  }
  return form;
}
