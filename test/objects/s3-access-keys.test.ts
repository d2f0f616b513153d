import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { minioInstalled, startMinio } from "../support/minio-server.ts";
import type { ObjectStoreServer } from "../support/object-store-server.ts";
import { createTestBucket } from "../support/s3.ts";
import { startVersitygw, versitygwInstalled } from "../support/versitygw-server.ts";
import { bytesOf, patternBytes, streamOf } from "./streams.ts";

const stores = [
  ["MinIO", minioInstalled, startMinio, "a+b:c@d/e&f#g%h"],
  // It takes no key with a slash.
  ["versitygw", versitygwInstalled, startVersitygw, "a+b:c@d&f#g%h"],
] as const;

describe.each([...stores])("an access key of odd characters on %s", (_, isInstalled, start, accessKey) => {
  describe.skipIf(!isInstalled())("", () => {
    let server: ObjectStoreServer;
    beforeAll(async () => {
      server = await start({ accessKey });
    }, 60_000);
    afterAll(() => server?.stop());

    test("stores, reads whole and in part, lists and removes", async () => {
      const { endpoint, secretKey } = server;
      const bucket = await createTestBucket({
        endpoint: `http://${endpoint}`,
        region: "us-east-1",
        accessKey,
        secretKey,
      });
      const store = createS3ObjectStore(bucket);
      for (const sizeBytes of [10, 11_000_000]) {
        const bytes = patternBytes(sizeBytes);
        const options = { contentType: "text/plain", filename: "x", maxBytes: sizeBytes };
        expect(await store.put("a/b", streamOf(bytes).stream, options)).toBe(sizeBytes);
        expect(await store.stat("a/b")).toMatchObject({ sizeBytes, filename: "x" });
        const opened = await store.open("a/b");
        expect((await bytesOf(opened?.body ?? new Blob())).length).toBe(sizeBytes);
        const part = await store.open("a/b", { start: 2, end: 5 });
        expect(await bytesOf(part?.body ?? new Blob())).toEqual(bytes.slice(2, 6));
      }
      expect(await Array.fromAsync(store.list("a/"))).toEqual(["a/b"]);
      expect(await store.removeAll("a/")).toBe(1);
      await bucket.drop();
    }, 60_000);
  });
});
