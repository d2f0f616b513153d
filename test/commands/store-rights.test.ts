import { afterEach, expect, test } from "bun:test";
import { proveRights } from "../../src/commands/doctor/store-rights.ts";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";

const servers: { stop(force: boolean): unknown }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(true);
});

/** A store that forbids one thing; it keeps what it is sent. */
function storeThatForbids(forbidden: string) {
  const objects = new Map<string, Uint8Array<ArrayBuffer>>();
  const uploads = new Set<string>();
  const headers = { etag: '"e"', "last-modified": new Date(0).toUTCString() };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname, searchParams: query } = new URL(request.url);
      const body = new Uint8Array(await request.arrayBuffer());
      const asked = nameOf(request.method, query);
      if (asked === forbidden) return new Response("<Error><Code>AccessDenied</Code></Error>", { status: 403 });
      if (asked === "put") objects.set(pathname, body);
      if (asked === "delete") objects.delete(pathname);
      if (asked === "create") uploads.add(pathname);
      if (asked === "abort") uploads.delete(pathname);
      if (asked === "create") return new Response("<R><UploadId>u</UploadId></R>");
      if (asked === "list") return new Response("<R><IsTruncated>false</IsTruncated></R>");
      if (asked === "list uploads") return new Response(listing([...uploads]));
      if (asked === "get") return new Response(objects.get(pathname), { headers });
      return new Response("", { headers });
    },
  });
  servers.push(server);
  const settings = { region: "us-east-1", bucket: "b", accessKey: "key", secretKey: "secret", idleMs: 20_000 };
  return { store: createS3ObjectStore({ ...settings, endpoint: server.url.origin }), objects, uploads };
}

function nameOf(method: string, query: URLSearchParams): string {
  if (method === "PUT") return query.has("partNumber") ? "part" : "put";
  if (method === "POST") return "create";
  if (method === "DELETE") return query.has("uploadId") ? "abort" : "delete";
  if (query.has("uploads")) return "list uploads";
  return query.has("list-type") ? "list" : "get";
}

function listing(paths: readonly string[]): string {
  const uploads = paths.map((path) => {
    return `<Upload><Key>${path.slice(3)}</Key><UploadId>u</UploadId><Initiated>2026-01-01T00:00:00Z</Initiated></Upload>`;
  });
  return `<R><IsTruncated>false</IsTruncated>${uploads.join("")}</R>`;
}

const prove = (store: ReturnType<typeof createS3ObjectStore>) =>
  proveRights(store, () => crypto.randomUUID(), AbortSignal.timeout(5_000));

test("a store that allows everything is proved, and nothing is left there", async () => {
  const { store, objects, uploads } = storeThatForbids("nothing");
  expect(await prove(store)).toBe(true);
  expect([objects.size, uploads.size]).toEqual([0, 0]);
});

test.each([
  ["list", "s3:ListBucket)"],
  ["put", "s3:PutObject"],
  ["get", "s3:GetObject"],
  ["delete", "s3:DeleteObject"],
  ["create", "in parts (s3:PutObject"],
  ["list uploads", "s3:ListBucketMultipartUploads"],
  ["abort", "s3:AbortMultipartUpload"],
])("a key that may not %s: the right is named", async (forbidden, right) => {
  const { store, objects } = storeThatForbids(forbidden);
  const failure = await prove(store).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: "MissingRight" });
  expect(String(failure)).toContain(right);
  expect(objects.size).toBe(forbidden === "delete" ? 1 : 0);
});
