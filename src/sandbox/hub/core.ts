import { type Context, Hono } from "hono";
import { coreResources } from "./core-resources.ts";
import { HubProblemError } from "./errors.ts";
import { assertUuid, MAX_PAGE, queryRows } from "./query.ts";
import type { Resource } from "./resources.ts";
import { jsonResponse, listResponse, recordResponse } from "./responses.ts";
import type { FileLink, HubGeneration, HubState, Identity } from "./state.ts";

/** What the router passes along with a request. */
export interface HubEnv {
  Bindings: {
    /** Who sent the request. The router has refused requests without a valid token. */
    readonly identity: Identity;
    readonly uploadFault: "empty" | "twice" | undefined;
  };
}

interface Deps {
  readonly generation: HubGeneration;
  readonly state: HubState;
  readonly now: () => number;
}

/** Projects, analyses, nodes, analysis buckets and the links of files to analyses. */
export function createHubCore({ generation, state, now }: Deps): Hono<HubEnv> {
  const app = new Hono<HubEnv>({ strict: false });
  const resources = coreResources(generation);
  const links = resources["analysis-bucket-files"];

  app.get("/", () => jsonResponse(generation, { version: hubVersion(generation), timestamp: now() }));
  for (const [path, resource] of Object.entries(resources)) {
    app.get(`/${path}`, (context) => {
      const parameters = new URL(context.req.url).searchParams;
      const page = queryRows(state, resource, parameters, generation);
      // A 2025 Hub on PostgreSQL fails this way when a page is full.
      if (generation === "2025" && resource === links && page.rows.length === MAX_PAGE)
        throw new HubProblemError({ kind: "bad-filter" });
      return listResponse(generation, page, resource);
    });
    app.get(`/${path}/:id`, (context) => findRecord(context.req.param("id"), resource));
  }
  if (links !== undefined) app.post("/analysis-bucket-files", (context) => addLink(context, links));

  function findRecord(id: string, resource: Resource): Response {
    assertUuid(id);
    const row = resource.find(state, id.toLowerCase());
    if (row === undefined) throw new HubProblemError({ kind: "not-found", what: resource.title });
    return recordResponse(generation, row, { resource });
  }

  async function addLink(context: Context<HubEnv>, resource: Resource): Promise<Response> {
    const body: unknown = await context.req.json().catch(() => undefined);
    const link = linkOf(body, context.env.identity);
    state.links.set(link.id, link);
    const bucket = resources["analysis-buckets"]?.find(state, link.analysisBucketId);
    return recordResponse(generation, { ...resource.find(state, link.id), bucket }, { status: 201 });
  }

  function linkOf(body: unknown, actor: Identity): FileLink {
    const fields: Record<string, unknown> = typeof body === "object" && body !== null ? { ...body } : {};
    const analysisBucketId = textOf(fields, "bucket_id", "analysis_bucket_id", "analysisBucketId");
    const bucketFileId = textOf(fields, "external_id", "bucket_file_id", "bucketFileId");
    const name = textOf(fields, "name");
    const bucket = state.analysisBuckets.get(analysisBucketId);
    if (bucket === undefined) throw new HubProblemError({ kind: "bad-body", field: "bucket_id" });
    const root = fields.root === true;
    const createdAt = new Date(now()).toISOString();
    const { analysisId } = bucket;
    return { id: crypto.randomUUID(), name, bucketFileId, analysisBucketId, analysisId, root, actor, createdAt };
  }

  return app;
}

function textOf(fields: Readonly<Record<string, unknown>>, ...keys: readonly [string, ...string[]]): string {
  for (const key of keys) {
    const value = fields[key];
    if (typeof value === "string") return value;
  }
  throw new HubProblemError({ kind: "bad-body", field: keys[0] });
}

export function hubVersion(generation: HubGeneration): string {
  return { "2025": "0.8.21", "2026-snake": "0.12.7", "2026": "0.14.0" }[generation];
}
