import { readdirSync } from "node:fs";
import { join } from "node:path";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createDirectoryObjectStore } from "../../src/objects/directory/directory-object-store.ts";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { createPostgresSubmissions } from "../../src/submissions/store/postgres-submissions.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import { sweepFiles } from "../../src/submissions/sweeps.ts";
import type { Executable, RunningExecutable } from "../support/executable.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { type Backend, type Client, formOf, startTestService, type TestService } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";

/** Processes of the service on one storage, with a Hub that can be taken away from them. */
export interface Processes {
  readonly world: TestService;
  /** In front of the Hub. */
  readonly hubLine: Relay;
  start(env?: Record<string, string>): Promise<Running>;
  /** What one final became at the Hub: paths with the SHA-256 of their content. */
  filesAtHub(): Promise<Map<string, string>>;
  pending(): Promise<number>;
  /** Objects, rows that wait, and temporary files, once everything is over and what has no row is removed. */
  leftovers(): Promise<{ objects: number; pending: number; spooled: number }>;
  stop(): Promise<void>;
}

export interface Running {
  readonly url: string;
  readonly process: RunningExecutable;
}

const listening = /"url":"(http:[^"]+)"/;

export async function prepareProcesses(executable: Executable, backend: Backend): Promise<Processes> {
  const world = await startTestService({ backend });
  await world.shutDown();
  const hubLine = await startRelay({ port: Number(new URL(world.hubUrl).port) });
  const hubUrl = `http://127.0.0.1:${hubLine.port}`;
  const environment: Record<string, string> = {
    ...world.environment,
    HUB__AUTH_BASE_URL: `${hubUrl}/auth`,
    HUB__CORE_BASE_URL: `${hubUrl}/core`,
    HUB__STORAGE_BASE_URL: `${hubUrl}/storage`,
    SUBMISSIONS__RETRY_MAX_SECONDS: "1",
    SUBMISSIONS__WAIT_SECONDS: "1",
  };
  const objects =
    world.bucket === undefined
      ? createDirectoryObjectStore({ root: join(world.dataDir ?? "", "objects") })
      : createS3ObjectStore(world.bucket);

  async function withStore<T>(work: (store: ReturnType<typeof createSqliteSubmissions>) => Promise<T>): Promise<T> {
    if (world.dataDir !== undefined) {
      const sqlite = openSqlite(join(world.dataDir, "catalog.sqlite"));
      return work(createSqliteSubmissions(sqlite, Date.now)).finally(sqlite.close);
    }
    const { POSTGRES__HOST: host, POSTGRES__PORT: port, POSTGRES__USER: user, POSTGRES__DB: database } = environment;
    const postgres = openPostgres({
      host: host ?? "",
      port: Number(port),
      user: user ?? "",
      password: environment.POSTGRES__PASSWORD ?? "",
      database: database ?? "",
      maxConnections: 2,
    });
    return work(createPostgresSubmissions(postgres)).finally(postgres.close);
  }
  const pending = () => withStore(async (store) => (await store.stats()).pending);

  return {
    world,
    hubLine,
    pending,
    async start(env = {}) {
      const process = await executable.start(["serve"], listening, { ...environment, ...env });
      return { url: process.match[1] ?? "", process };
    },
    async filesAtHub() {
      const files = world.analyses.flatMap((analysis) => {
        return world.hub.filesOf(world.hub.bucketOf(analysis, "RESULT").bucketId ?? "");
      });
      const found = new Map<string, string>();
      for (const { id, path } of files) {
        if (found.has(path)) throw new Error(`${path} is there twice`);
        found.set(path, await world.hub.sha256Of(id));
      }
      return found;
    },
    async leftovers() {
      // Other processes may share a bucket, so a fresh file without a row is left alone for an hour; not so here.
      await withStore((store) => sweepFiles({ store, objects }, new Date(Date.now() + 1_000)));
      const spoolDir = join(world.dataDir ?? "", "spool");
      const spooled = world.dataDir === undefined ? 0 : readdirSync(spoolDir).length;
      return { objects: await countObjects(world), pending: await pending(), spooled };
    },
    async stop() {
      await hubLine.stop();
      await world.stop();
    },
  };
}

/** Sends a final; `undefined` when no answer came. */
export async function sendFinal(
  { world }: Processes,
  running: Running,
  as: Client,
  name: string,
  content: string,
): Promise<Response | undefined> {
  const body = formOf(["file", new File([content], name)]);
  const headers = { authorization: `Bearer ${await world.token(as)}` };
  return fetch(`${running.url}/final`, { method: "PUT", body, headers }).catch(() => undefined);
}

export const sha256 = (content: string) => new Bun.CryptoHasher("sha256").update(content).digest("hex");

/** The same numbers in [0, 1) for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
