import { afterEach, describe, expect, test } from "bun:test";
import { AwsClient } from "aws4fetch";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { createTestBucket, testS3 } from "../support/s3.ts";

const settings = { region: "us-east-1", bucket: "b", accessKey: "key", secretKey: "secret", idleMs: 20_000 };
const cannotForget = expect.stringContaining("cannot forget");

let server: ReturnType<typeof serve> | undefined;
afterEach(() => server?.stop(true));

const serve = (body: string, status: number) =>
  Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(body, { status }) });

async function inspect(body: string, status = 200) {
  server = serve(body, status);
  return createS3ObjectStore({ ...settings, endpoint: server.url.origin }).inspect();
}

const told = (content: string) => `<VersioningConfiguration>${content}</VersioningConfiguration>`;

test("a bucket that keeps versions is told, also of before", async () => {
  expect(await inspect(told("<Status>Enabled</Status><MfaDelete>Disabled</MfaDelete>"))).toEqual([cannotForget]);
  expect(await inspect(told("<Status>Suspended</Status>"))).toEqual([expect.stringContaining("suspended")]);
});

test.each<[string, string, number]>([
  ["has none", told(""), 200],
  ["knows none", "<Error><Code>NotImplemented</Code></Error>", 501],
  ["does not let us know", "<Error><Code>AccessDenied</Code></Error>", 403],
  ["answers with a page", "<html>", 200],
])("a store that %s raises no concern", async (_, body, status) => {
  expect(await inspect(body, status)).toEqual([]);
});

describe.skipIf(testS3 === undefined)("a real store", () => {
  test("is asked whether it keeps versions, where it can", async () => {
    const bucket = await createTestBucket();
    const { endpoint, region, accessKey, secretKey } = bucket;
    const store = createS3ObjectStore(bucket);
    expect(await store.inspect()).toEqual([]);
    const client = new AwsClient({ accessKeyId: accessKey, secretAccessKey: secretKey, region, service: "s3" });
    const body = told("<Status>Enabled</Status>");
    const turned = await client.fetch(`${endpoint}/${bucket.bucket}?versioning`, { method: "PUT", body });
    await turned.body?.cancel();
    expect(await store.inspect()).toEqual(turned.ok ? [cannotForget] : []);
    await bucket.drop();
  }, 90_000);
});
