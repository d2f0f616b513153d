import { Hono } from "hono";
import { getMimeType } from "hono/utils/mime";
import { createBucketUpload } from "./bucket-upload.ts";
import { mayRemoveFile, removeFile } from "./changes.ts";
import { type HubContents, streamOf } from "./content.ts";
import { type HubEnv, hubVersion } from "./core.ts";
import { HubProblemError } from "./errors.ts";
import { assertUuid, queryRows } from "./query.ts";
import { bucketFileResource, bucketRow } from "./resources.ts";
import { jsonResponse, listResponse, recordResponse } from "./responses.ts";
import type { HubGeneration, HubState, StoredFile } from "./state.ts";

interface Deps {
  readonly generation: HubGeneration;
  readonly state: HubState;
  readonly contents: HubContents;
  readonly now: () => number;
}

/** The storage service: uploads files into buckets, lists, reads and removes them. */
export function createHubStorage(deps: Deps): Hono<HubEnv> {
  const { generation, state, contents, now } = deps;
  const takeUpload = createBucketUpload(deps);
  const app = new Hono<HubEnv>({ strict: false });
  const resource = bucketFileResource();

  app.get("/", () => {
    const version = generation === "2025" ? {} : { version: hubVersion(generation) };
    return jsonResponse(generation, { ...version, timestamp: now() });
  });
  app.get("/bucket-files", (context) => {
    const parameters = new URL(context.req.url).searchParams;
    return listResponse(generation, queryRows(state, resource, parameters, generation), resource);
  });
  app.get("/bucket-files/:id", (context) => {
    const row = resource.find(state, findFile(context.req.param("id")).id) ?? {};
    return recordResponse(generation, row, { resource });
  });
  app.get("/bucket-files/:id/stream", (context) => {
    const zips = context.req.header("Accept-Encoding")?.includes("gzip") ?? false;
    return contentResponse(generation, findFile(context.req.param("id")), zips);
  });
  app.delete("/bucket-files/:id", async (context) => {
    const file = findFile(context.req.param("id"));
    if (!mayRemoveFile(context.env.identity, file)) {
      throw new HubProblemError({ kind: "not-permitted", permission: "bucket_update" });
    }
    const row = { ...resource.find(state, file.id), bucket: bucketRow(state, file.bucketId, generation) };
    await removeFile(state, contents, file);
    return recordResponse(generation, row, { status: 202 });
  });
  app.post("/buckets/:id/upload", async (context) => {
    const bucketId = context.req.param("id").toLowerCase();
    assertUuid(bucketId);
    if (!state.buckets.has(bucketId)) throw new HubProblemError({ kind: "not-found", what: "bucket" });
    if (!/^multipart\/form-data;.*boundary=/i.test(context.req.header("Content-Type") ?? "")) {
      throw new HubProblemError({ kind: "not-multipart" });
    }
    return takeUpload(context.req.raw, bucketId, context.env);
  });

  function findFile(id: string): StoredFile {
    assertUuid(id);
    const file = state.files.get(id.toLowerCase());
    if (file === undefined) throw new HubProblemError({ kind: "not-found", what: "bucket-file" });
    return file;
  }

  return app;
}

/**
 * A file's bytes as a chunked response, without length, entity tag or ranges. A client that accepts gzip gets it, which
 * is slow.
 */
function contentResponse(generation: HubGeneration, file: StoredFile, zips: boolean): Response {
  const headers = new Headers({ "Content-Type": "application/octet-stream" });
  if (generation === "2025") headers.set("Content-Encoding", "identity");
  if (generation === "2026") {
    headers.set("Content-Type", getMimeType(file.name) ?? "application/octet-stream");
    headers.set("Content-Disposition", `attachment; filename=${encodeURIComponent(file.name)}`);
  }
  if (!zips) return new Response(streamOf(file.content), { headers });
  headers.set("Content-Encoding", "gzip");
  return new Response(streamOf(file.content).pipeThrough(new CompressionStream("gzip")), { headers });
}
