import { randomUUID } from "node:crypto";
import { AwsClient } from "aws4fetch";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { announceServers } from "./announce-servers.ts";

export interface TestS3 {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface TestBucket extends TestS3 {
  readonly bucket: string;
  /** Removes the bucket and all that is in it. */
  drop(): Promise<void>;
}

/** The object store the environment names for tests; `undefined` if it names none. */
export const testS3: TestS3 | undefined = readTestS3();
announceServers();

/** Makes a bucket that nobody else uses, in the object store of the environment or in another one. */
export async function createTestBucket(server: TestS3 | undefined = testS3): Promise<TestBucket> {
  if (server === undefined)
    throw new Error("TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY and TEST_S3_SECRET_KEY are not all set");
  const { endpoint, region, accessKey, secretKey } = server;
  const bucket = `test-${randomUUID()}`;
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const client = new AwsClient({ ...credentials, region, service: "s3", retries: 2 });
  const send = async (method: "PUT" | "DELETE") => {
    const response = await client.fetch(`${endpoint}/${bucket}`, { method });
    if (!response.ok) throw new Error(`${method} of the test bucket: ${response.status} ${await response.text()}`);
    await response.body?.cancel();
  };
  await send("PUT");
  const drop = async () => {
    const store = createS3ObjectStore({ endpoint, region, bucket, accessKey, secretKey });
    const keys = await Array.fromAsync(store.list(""));
    const folders = new Set(keys.filter((key) => key.includes("/")).map((key) => `${key.split("/")[0]}/`));
    for (const folder of folders) if (folder !== "/") await store.removeAll(folder);
    for (const key of keys.filter((key) => !key.includes("/"))) await store.remove(key);
    await store.sweepUnfinished(new Date(Date.now() + 60_000));
    await send("DELETE");
  };
  return { endpoint, region, bucket, accessKey, secretKey, drop };
}

function readTestS3(): TestS3 | undefined {
  const { TEST_S3_ENDPOINT: host, TEST_S3_ACCESS_KEY: accessKey, TEST_S3_SECRET_KEY: secretKey } = process.env;
  if (!host || !accessKey || !secretKey) return undefined;
  return { endpoint: `http://${host}`, region: "us-east-1", accessKey, secretKey };
}
