import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AwsClient } from "aws4fetch";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import type { TestBucket } from "./s3.ts";
import type { TestService } from "./service.ts";

/** How many objects the store holds, temporary files and unfinished uploads included. */
export async function countObjects({ dataDir, bucket }: Pick<TestService, "dataDir" | "bucket">): Promise<number> {
  if (dataDir !== undefined) return countFiles(join(dataDir, "objects"));
  if (bucket === undefined) throw new Error("a service without storage");
  const objects = await Array.fromAsync(createS3ObjectStore(bucket).list(""));
  return objects.length + (await countUnfinished(bucket));
}

async function countFiles(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).length;
}

async function countUnfinished({ endpoint, bucket, region, accessKey, secretKey }: TestBucket): Promise<number> {
  const client = new AwsClient({ accessKeyId: accessKey, secretAccessKey: secretKey, region, service: "s3" });
  const response = await client.fetch(`${endpoint}/${bucket}?uploads`);
  return ((await response.text()).match(/<Upload>/g) ?? []).length;
}
