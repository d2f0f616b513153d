import { describe } from "bun:test";
import { listUnfinishedUploads } from "../../src/objects/s3/list.ts";
import { createS3Requests } from "../../src/objects/s3/request.ts";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { createTestBucket, testS3 } from "../support/s3.ts";
import { objectStoreContract } from "./contract.ts";

describe.skipIf(testS3 === undefined)("S3 object store", () => {
  objectStoreContract(async () => {
    const bucket = await createTestBucket();
    const countUnfinished = async () => (await Array.fromAsync(listUnfinishedUploads(createS3Requests(bucket)))).length;
    return { store: createS3ObjectStore(bucket), countUnfinished, end: () => bucket.drop() };
  });
});
