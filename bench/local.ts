// PUT and GET /local on both kinds of storage, beside the same transfers straight to the same store. Usage: bun bench/local.ts [--size-only]
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client } from "bun";
import { createTestDatabase, testPostgresUrl } from "../test/support/postgres-database.ts";
import { createTestBucket, testS3 } from "../test/support/s3.ts";
import {
  type BenchService,
  type BenchWorld,
  compare,
  createContent,
  createForm,
  drain,
  mebibyte,
  printTable,
  rate,
  seconds,
  speed,
  startBenchService,
  startWorld,
} from "./harness.ts";

const largeBytes = 1024 * mebibyte;
const hugeBytes = 3 * 1024 * mebibyte;
const smallBytes = 1024;
const smallCount = 2_000;
const connections = 16;
const sizeOnly = Bun.argv.includes("--size-only");
const smallContent = crypto.getRandomValues(new Uint8Array(smallBytes));

/** What the service can at best be as fast as: its store, used directly by the same client library. */
interface Store {
  put(name: string, content: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>): Promise<unknown>;
  get(name: string): ReadableStream<Uint8Array>;
}

async function put(service: BenchService, bytes: number): Promise<string> {
  const content = bytes === smallBytes ? new Response(smallContent).body : createContent(bytes);
  if (content === null) throw new Error("no content");
  const { body, headers } = createForm(content, bytes);
  const authorization = `Bearer ${service.token}`;
  const init: RequestInit = { method: "PUT", body, headers: { ...headers, authorization } };
  const response = await fetch(`${service.url}/local`, init);
  if (response.status !== 200) throw new Error(`PUT answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { object_id: string }).object_id;
}

async function putSmall(service: BenchService): Promise<string> {
  const body = new FormData();
  body.append("file", new File([smallContent], "small.bin"));
  const headers = { authorization: `Bearer ${service.token}` };
  const response = await fetch(`${service.url}/local`, { method: "PUT", body, headers });
  return ((await response.json()) as { object_id: string }).object_id;
}

async function get(service: BenchService, id: string, hashed = false) {
  const response = await fetch(`${service.url}/local/${id}`, { headers: { authorization: `Bearer ${service.token}` } });
  if (response.status !== 200) throw new Error(`GET answered ${response.status}`);
  return drain(response.body, hashed);
}

/** The project goes last of all that is measured with small files. */
async function measureDeletion(service: BenchService, world: BenchWorld): Promise<void> {
  const count = 10_000;
  const [project] = world.seed.projects;
  let left = count;
  const worker = async () => {
    while (left-- > 0) await putSmall(service);
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const headers = { authorization: `Bearer ${world.adapterToken}` };
  await world.hub.removeProject(project?.id ?? "");
  const remove = () => fetch(`${service.url}/local?project_id=${project?.id}`, { method: "DELETE", headers });
  const time = await seconds(remove);
  console.log(`\nDELETE of a project with at least ${count} objects: ${time.toFixed(1)} s`);
  world.hub.addProject({ id: project?.id ?? "" });
}

async function measure(service: BenchService, world: BenchWorld, store: Store): Promise<void> {
  const id = await put(service, largeBytes);
  await store.put("large", createContent(largeBytes));
  const smallId = await putSmall(service);
  await store.put("small", smallContent);
  let next = 0;
  const rows = [
    await compare(
      "PUT 1 GiB",
      "MB/s",
      () => speed(largeBytes, () => put(service, largeBytes)),
      () => speed(largeBytes, () => store.put("large", createContent(largeBytes))),
    ),
    await compare(
      "GET 1 GiB",
      "MB/s",
      () => speed(largeBytes, () => get(service, id)),
      () => speed(largeBytes, () => drain(store.get("large"))),
    ),
    await compare(
      `PUT 1 KiB, ${connections} connections`,
      "/s",
      () => rate(smallCount, connections, () => putSmall(service)),
      () => rate(smallCount, connections, () => store.put(`small-${next++}`, smallContent)),
    ),
    await compare(
      `GET 1 KiB, ${connections} connections`,
      "/s",
      () => rate(smallCount, connections, () => get(service, smallId)),
      () => rate(smallCount, connections, () => drain(store.get("small"))),
    ),
  ];
  printTable(rows);
  await measureDeletion(service, world);
}

/** The service's memory is that of a process that has done nothing else. */
async function proveSize(service: BenchService): Promise<void> {
  const sent = await drain(createContent(hugeBytes), true);
  const received = await get(service, await put(service, hugeBytes), true);
  const identical = sent.sha256 === received.sha256 && received.bytes === hugeBytes;
  const result = identical ? "byte-identical" : "DIFFERENT";
  console.log(`\n3 GiB in and out: ${result}; peak memory of the service: ${service.peakMemory()} MiB`);
  if (!identical) process.exitCode = 1;
}

/** Each part in a process of its own, so that one does not count in the other's memory. */
async function runAll(title: string, env: Record<string, string>, store: Store): Promise<void> {
  const world = await startWorld();
  console.log(`\n## ${title}`);
  const parts = [proveSize, (service: BenchService) => measure(service, world, store)];
  for (const part of sizeOnly ? parts.slice(0, 1) : parts) {
    const service = await startBenchService(world, env);
    await part(service).finally(service.stop);
  }
  await world.stop();
}

async function runEmbedded(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "flame-result-bench-"));
  const write = async (name: string, content: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>) => {
    const file = await open(join(folder, name), "w");
    if (content instanceof Uint8Array) await file.write(content);
    else for await (const piece of content) await file.write(piece);
    await file.sync();
    await file.close();
  };
  const title = "Embedded; limit: the same bytes written to a file and synced, and read from it";
  const get = (name: string) => Bun.file(join(folder, name)).stream();
  await runAll(title, { DATA_DIR: join(folder, "data") }, { put: write, get });
  await rm(folder, { recursive: true, force: true });
}

async function runServers(): Promise<void> {
  const [bucket, database] = [await createTestBucket(), await createTestDatabase()];
  const { host, port, user, password, database: name } = database.settings;
  const env = {
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
  const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = bucket;
  const s3 = new S3Client({ endpoint, accessKeyId, secretAccessKey, bucket: bucket.bucket });
  const parts = { partSize: 8 * mebibyte, queueSize: 4 };
  await runAll("S3 and PostgreSQL; limit: the same bytes by Bun's S3 client straight to the bucket", env, {
    put: (key, content) => s3.write(key, content instanceof Uint8Array ? content : new Response(content), parts),
    get: (key) => s3.file(key).stream(),
  });
  await Promise.all([bucket.drop(), database.drop()]);
}

await runEmbedded();
if (testS3 !== undefined && testPostgresUrl !== undefined) await runServers();
else console.log("\nS3 and PostgreSQL are left out: TEST_S3_* and TEST_POSTGRES_URL are not set.");
