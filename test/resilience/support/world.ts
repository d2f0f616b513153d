import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { HubGeneration, SandboxHub } from "../../../src/sandbox/hub/hub.ts";
import type { SandboxIdentity } from "../../../src/sandbox/identity.ts";
import { cephInstalled, startCeph } from "../../support/ceph-server.ts";
import { createServerDir, findFreePort } from "../../support/daemon.ts";
import type { ObjectStoreServer } from "../../support/object-store-server.ts";
import { type PostgresServer, postgresInstalled, startPostgres } from "../../support/postgres-server.ts";
import type { Relay } from "../../support/relay.ts";
import { type Backend, type Client, isAvailable, startTestService, type TestService } from "../../support/service.ts";
import { createFigures, type Figures, recordFigures } from "./figures.ts";
import { startLines } from "./lines.ts";
import type { ProcessFacts } from "./process-facts.ts";
import type { ServiceProcess } from "./service-process.ts";
import { createStarts } from "./service-starts.ts";
import { sharedExecutable } from "./shared-executable.ts";

/** Everything a scenario needs, with places to break it at. All parts are its own, but for the servers unless asked for. */
export interface ResilienceWorld {
  readonly storage: Backend;
  /** Only with `ownServers`. */
  readonly postgres: PostgresServer | undefined;
  readonly ceph: ObjectStoreServer | undefined;
  readonly hub: SandboxHub;
  readonly identity: SandboxIdentity;
  /** TCP relays by which the service reaches the Hub, its token keys, S3 and PostgreSQL (the last two only with "servers"). */
  readonly hubLine: Relay;
  readonly keysLine: Relay;
  readonly storeLine: Relay;
  readonly databaseLine: Relay;
  /** What the service is started with; a scenario may change it between starts. */
  readonly env: Record<string, string>;
  /** The process of the latest start. */
  readonly service: ServiceProcess;
  /** Every process so far; their logs are searched for crashes. */
  readonly processes: readonly ServiceProcess[];
  /** The same over all starts. */
  readonly url: string;
  /** The stand-ins, ids and the storage's own addresses. */
  readonly surroundings: TestService;
  /** What the process of the first start had before it did anything. */
  readonly floor: ProcessFacts;
  /** Where the service puts temporary files. */
  readonly spoolDir: string;
  readonly figures: Figures;
  /** Starts the service (again), on the same port and data. The one before must have ended. */
  startService(extraEnv?: Record<string, string>): Promise<void>;
  /** A fresh token; any client id may be given. */
  token(as: Client | { readonly clientId: string }): Promise<string>;
  /** Ends everything, kills what runs still, and puts the figures on record. */
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly storage: Backend;
  /** A PostgreSQL and a Ceph of its own, to be killed or frozen; takes some seconds to start. */
  readonly ownServers?: boolean;
  readonly generation?: HubGeneration;
  readonly env?: Record<string, string>;
  /** Instead of a temporary folder; "embedded" only, and it is not removed. */
  readonly dataDir?: string;
  /** For the record. */
  readonly name?: string;
}

/** False where the servers that such a world needs are not at hand: its suites are skipped then. */
export const canStartWorld = ({ storage, ownServers = false }: WorldOptions): boolean =>
  storage === "servers" && ownServers ? postgresInstalled() && cephInstalled() : isAvailable(storage);

const shortTimes = {
  SERVER__SHUTDOWN_SECONDS: "5",
  SUBMISSIONS__WAIT_SECONDS: "2",
  SUBMISSIONS__RETRY_MAX_SECONDS: "1",
};

/** Starts the stand-ins, the lines to them, and the service compiled as it is shipped. */
export async function startResilienceWorld(options: WorldOptions): Promise<ResilienceWorld> {
  const { storage, generation = "2026", name = "scenario" } = options;
  const path = await sharedExecutable();
  const [postgres, ceph] = options.ownServers && storage === "servers" ? await startServers() : [];
  const servers = postgres && ceph && { postgresUrl: postgres.url, s3: addressOf(ceph) };
  const surroundings = await startTestService({ backend: storage, generation, servers });
  await surroundings.shutDown();
  const lines = await startLines(surroundings);
  const ownDir = createServerDir("spool");
  const env = await environmentOf(options, surroundings, { ...lines.env, TMPDIR: ownDir });
  const figures = createFigures();
  const starts = createStarts(path, env);
  const world: ResilienceWorld = {
    storage,
    postgres,
    ceph,
    hub: surroundings.hub,
    identity: surroundings.identity,
    ...lines.relays,
    env,
    url: `http://127.0.0.1:${env.SERVER__PORT}`,
    surroundings,
    spoolDir: storage === "embedded" ? join(env.DATA_DIR ?? "", "spool") : ownDir,
    figures,
    processes: starts.processes,
    startService: starts.start,
    get service() {
      return starts.latest();
    },
    get floor() {
      return starts.floor();
    },
    token: (as) => (typeof as === "string" ? surroundings.token(as) : surroundings.identity.token(as.clientId)),
    async stop() {
      await Promise.all(starts.processes.filter((one) => one.isRunning()).map((one) => one.stop("SIGKILL")));
      await Promise.all(Object.values(lines.relays).map((line) => line.stop()));
      await surroundings.stop();
      await Promise.all([postgres?.stop(), ceph?.stop()]);
      rmSync(ownDir, { recursive: true, force: true });
      recordFigures(name, figures);
    },
  };
  await world.startService().catch(async (error) => {
    await world.stop();
    throw error;
  });
  return world;
}

async function environmentOf(
  { storage, env, dataDir }: WorldOptions,
  { environment }: TestService,
  places: Record<string, string>,
): Promise<Record<string, string>> {
  const all = {
    ...stringsOf(environment),
    ...places,
    ...shortTimes,
    SERVER__PORT: String(await findFreePort()),
    ...(dataDir === undefined ? {} : { DATA_DIR: dataDir }),
    ...env,
  };
  if (storage === "embedded") mkdirSync(all.DATA_DIR ?? "", { recursive: true });
  return all;
}

async function startServers() {
  const [postgres, ceph] = await Promise.allSettled([startPostgres(), startCeph()]);
  if (postgres.status === "fulfilled" && ceph.status === "fulfilled") return [postgres.value, ceph.value] as const;
  for (const started of [postgres, ceph]) if (started.status === "fulfilled") await started.value.stop();
  throw postgres.status === "rejected" ? postgres.reason : ceph.status === "rejected" && ceph.reason;
}

const addressOf = ({ endpoint, accessKey, secretKey }: ObjectStoreServer) => ({
  endpoint: `http://${endpoint}`,
  region: "us-east-1",
  accessKey,
  secretKey,
});

function stringsOf(environment: TestService["environment"]): Record<string, string> {
  const entries = Object.entries(environment);
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
