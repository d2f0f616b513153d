import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";

/** A store that forbids one thing until it is told to allow it; it keeps what it is sent. `versioning` is the status it tells. */
export function storeThatForbids(forbidden: string, { versioning = "" } = {}) {
  let isAllowed = false;
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
      if (asked === forbidden && !isAllowed)
        return new Response("<Error><Code>AccessDenied</Code></Error>", { status: 403 });
      if (query.has("versioning")) return new Response(versions(versioning));
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
  const settings = { region: "us-east-1", bucket: "b", accessKey: "key", secretKey: "secret", idleMs: 20_000 };
  return {
    endpoint: server.url.host,
    store: createS3ObjectStore({ ...settings, endpoint: server.url.origin }),
    objects,
    uploads,
    allow: () => {
      isAllowed = true;
    },
    stop: () => server.stop(true),
  };
}

const versions = (status: string) =>
  `<VersioningConfiguration>${status && `<Status>${status}</Status>`}</VersioningConfiguration>`;

function nameOf(method: string, query: URLSearchParams): string {
  if (method === "PUT") return query.has("partNumber") ? "part" : "put";
  if (method === "POST") return "create";
  if (method === "DELETE") return query.has("uploadId") ? "abort" : "delete";
  if (query.has("uploads")) return "list uploads";
  return query.has("list-type") ? "list" : "get";
}

function listing(paths: readonly string[]): string {
  const uploads = paths.map((path) => {
    return `<Upload><Key>${path.replace(/^\/[^/]+\//, "")}</Key><UploadId>u</UploadId><Initiated>2026-01-01T00:00:00Z</Initiated></Upload>`;
  });
  return `<R><IsTruncated>false</IsTruncated>${uploads.join("")}</R>`;
}
