// PUT /final to a healthy Hub through the queue, beside the same service with FINAL__QUEUE=0. Usage: bun bench/final.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase, testPostgresUrl } from "../test/support/postgres-database.ts";
import { createTestBucket, testS3 } from "../test/support/s3.ts";
import {
  type BenchService,
  compare,
  createContent,
  createForm,
  mebibyte,
  printTable,
  rate,
  speed,
  startBenchService,
  startWorld,
} from "./harness.ts";

const largeBytes = 1024 * mebibyte;
const mediumBytes = mebibyte;
const mediumCount = 40;
const rounds = 3;

type Environment = Record<string, string>;

async function put(service: BenchService, bytes: number): Promise<void> {
  const { body, headers } = createForm(createContent(bytes), bytes);
  const init: RequestInit = { method: "PUT", body, headers: { ...headers, authorization: `Bearer ${service.token}` } };
  const response = await fetch(`${service.url}/final`, init);
  if (response.status !== 204) throw new Error(`PUT answered ${response.status}: ${await response.text()}`);
}

/** The table's «limit» is the service without its queue. */
async function measure(title: string, queued: Environment, direct: Environment): Promise<void> {
  const world = await startWorld();
  const wait = { SUBMISSIONS__WAIT_SECONDS: "600" };
  const withQueue = await startBenchService(world, { ...queued, ...wait });
  const without = await startBenchService(world, { ...direct, FINAL__QUEUE: "0" });
  try {
    await Promise.all([put(withQueue, mediumBytes), put(without, mediumBytes)]);
    // Every final looks through the bucket's files, which an analysis has few of.
    const anew = async (work: () => Promise<number>) => {
      for (const id of world.hub.state.files.keys()) world.hub.state.files.delete(id);
      return work();
    };
    const each = (service: BenchService) => anew(() => rate(mediumCount, 1, () => put(service, mediumBytes)));
    const large = (service: BenchService) => anew(() => speed(largeBytes, () => put(service, largeBytes)));
    const rows = [
      await compare(
        "PUT 1 MiB, one after the other",
        "/s",
        () => each(withQueue),
        () => each(without),
        rounds,
      ),
      await compare(
        "PUT 1 GiB",
        "MB/s",
        () => large(withQueue),
        () => large(without),
        rounds,
      ),
    ];
    console.log(`\n### ${title}; limit: the same with FINAL__QUEUE=0`);
    printTable(rows);
    console.log(`\npeak memory: ${withQueue.peakMemory()} MiB with the queue, ${without.peakMemory()} MiB without`);
  } finally {
    await Promise.all([withQueue.stop(), without.stop()]);
    await world.stop();
  }
}

async function measureEmbedded(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "flame-result-bench-"));
  const dataDir = (name: string) => ({ DATA_DIR: join(folder, name) });
  await measure("Embedded", dataDir("queued"), dataDir("direct")).finally(() => rm(folder, { recursive: true }));
}

async function measureServers(): Promise<void> {
  const [bucket, database] = [await createTestBucket(), await createTestDatabase()];
  const { host, port, user, password, database: name } = database.settings;
  const environment = {
    MINIO__ENDPOINT: new URL(bucket.endpoint).host,
    MINIO__ACCESS_KEY: bucket.accessKey,
    MINIO__SECRET_KEY: bucket.secretKey,
    MINIO__BUCKET: bucket.bucket,
    POSTGRES__HOST: host,
    POSTGRES__PORT: String(port),
    POSTGRES__USER: user,
    POSTGRES__PASSWORD: password || "unused",
    POSTGRES__DB: name,
  };
  await measure("S3 and PostgreSQL", environment, environment).finally(() =>
    Promise.all([bucket.drop(), database.drop()]),
  );
}

await measureEmbedded();
if (testS3 !== undefined && testPostgresUrl !== undefined) await measureServers();
else console.log("\nS3 and PostgreSQL are left out: neither TEST_S3_* and TEST_POSTGRES_URL are set.");
