import { rm } from "node:fs/promises";
import { S3Client, SQL } from "bun";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import { createServerDir } from "../../test/support/daemon.ts";
import { createTestDatabase } from "../../test/support/postgres-database.ts";
import { createTestBucket } from "../../test/support/s3.ts";
import type { Bench } from "./bench.ts";
import { type Service, startService } from "./service.ts";
import { startWorld, type World } from "./world.ts";

export type StorageKind = "embedded" | "servers";

export interface Store {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Bun's client, which the service uses for bodies, straight to the bucket. */
  readonly s3: S3Client;
}

export interface Storage {
  readonly env: Record<string, string>;
  readonly store: Store;
  /** The database that the service uses. */
  readonly sql: SQL;
}

/** A bucket and a database of its own. */
export async function openServers(stack: AsyncDisposableStack): Promise<Storage> {
  const database = await createTestDatabase();
  stack.defer(database.drop);
  const bucket = await createTestBucket();
  stack.defer(bucket.drop);
  const { host, port, user, password, database: name } = database.settings;
  const { endpoint, accessKey, secretKey } = bucket;
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const sql = new SQL({ adapter: "postgres", hostname: host, port, username: user, password, database: name, max: 16 });
  stack.defer(() => sql.close());
  return {
    env: {
      MINIO__ENDPOINT: new URL(endpoint).host,
      MINIO__ACCESS_KEY: accessKey,
      MINIO__SECRET_KEY: secretKey,
      MINIO__BUCKET: bucket.bucket,
      POSTGRES__HOST: host,
      POSTGRES__PORT: String(port),
      POSTGRES__USER: user,
      POSTGRES__PASSWORD: password || "unused",
      POSTGRES__DB: name,
    },
    store: { ...bucket, s3: new S3Client({ endpoint, bucket: bucket.bucket, ...credentials }) },
    sql,
  };
}

/** A folder on the disk, as DATA_DIR. */
export function openDataDir(stack: AsyncDisposableStack): string {
  const folder = createServerDir("bench");
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Stage {
  readonly world: World;
  readonly service: Service;
  /** The bucket and the database; or the DATA_DIR. */
  readonly servers: Storage | undefined;
  readonly dataDir: string | undefined;
}

export interface StageOptions {
  readonly storage: StorageKind;
  readonly generation?: HubGeneration;
  readonly env?: Record<string, string>;
}

/** A fresh service with all that it stands on; everything is gone when the stack is disposed of. */
export async function openStage(bench: Bench, stack: AsyncDisposableStack, options: StageOptions): Promise<Stage> {
  const world = await startWorld(bench.scratch, options.generation);
  stack.defer(world.stop);
  const servers = options.storage === "servers" ? await openServers(stack) : undefined;
  const dataDir = servers === undefined ? openDataDir(stack) : undefined;
  const storageEnv: Record<string, string> = servers?.env ?? { DATA_DIR: dataDir ?? "" };
  const service = await startService(bench.executable, world, { ...storageEnv, ...options.env });
  stack.defer(service.stop);
  return { world, service, servers, dataDir };
}
