import { describe, expect, test } from "bun:test";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import { createSeed } from "../../src/sandbox/seed.ts";
import { type ServedHub, serveHub } from "./serve-hub.ts";

const GENERATIONS: readonly HubGeneration[] = ["2025", "2026-snake", "2026"];

interface List {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly meta: { readonly total: number; readonly limit: number; readonly offset: number };
}

async function list(served: ServedHub, path: string, query: Record<string, string>): Promise<List> {
  const token = await served.signIn(served.nodeA);
  const response = await served.call(`${path}?${new URLSearchParams(query)}`, token);
  expect(response.status).toBe(200);
  return JSON.parse(await response.text());
}

function seededAnalysis(served: ServedHub): string {
  return served.seed.analyses[0]?.id ?? "";
}

describe.each(GENERATIONS)("a %s Hub", (generation) => {
  const rightKey = generation === "2026" ? "analysisId" : "analysis_id";
  const wrongKey = generation === "2026" ? "analysis_id" : "analysisId";

  test("filters in both spellings find one bucket of the type", async () => {
    await using served = serveHub(generation);
    const id = seededAnalysis(served);
    const query = { "filter[analysis_id]": id, "filter[analysisId]": id, "filter[type]": "TEMP" };
    const { data, meta } = await list(served, "/core/analysis-buckets", query);
    expect(data.map((row) => [row[rightKey], row.type])).toEqual([[id, "TEMP"]]);
    expect(meta).toMatchObject({ total: 1, limit: 50, offset: 0 });
    const idKey = { "2025": "external_id", "2026-snake": "bucket_id", "2026": "bucketId" }[generation];
    expect(data[0]?.[idKey]).toBe(served.hub.bucketOf(id, "TEMP").bucketId);
  });

  test("a wrongly spelt filter is dropped in silence (or trips a 2025 Hub when alone)", async () => {
    await using served = serveHub(generation);
    const id = seededAnalysis(served);
    const wrong = `filter[${wrongKey}]`;
    const wider = await list(served, "/core/analysis-buckets", { [wrong]: id, "filter[type]": "TEMP" });
    expect(wider.meta.total).toBe(3);
    const token = await served.signIn(served.nodeA);
    const alone = await served.call(`/core/analysis-buckets?${wrong}=${id}`, token);
    expect(alone.status).toBe(generation === "2025" ? 500 : 200);
  });

  test("only a 2026 Hub can find a node by its client, the 2025 one answers with all", async () => {
    await using served = serveHub(generation);
    const { clientId, id } = served.nodeA;
    const query = { "filter[client_id]": clientId, "filter[clientId]": clientId };
    const { data } = await list(served, "/core/nodes", query);
    expect(data.map((row) => row.id)).toEqual(generation === "2025" ? [id, served.nodeB.id] : [id]);
  });

  test("operators in a filter's value are obeyed", async () => {
    await using served = serveHub(generation);
    const id = seededAnalysis(served);
    const count = async (value: string) => {
      const query = { [`filter[${rightKey}]`]: id, "filter[type]": value };
      return (await list(served, "/core/analysis-buckets", query)).meta.total;
    };
    expect([await count("!RESULT"), await count("TEMP,CODE"), await count("~E"), await count("<D")]).toEqual([
      2, 2, 3, 1,
    ]);
    expect(await count("result")).toBe(generation === "2026" ? 1 : 0);
  });

  test("an id that is no UUID is an internal error, in the path and in a filter", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    for (const path of ["/core/nodes/flame", `/core/analysis-buckets?filter[${rightKey}]=flame`]) {
      expect((await served.call(path, token)).status).toBe(500);
    }
  });

  test("pages are cut at 50 rows and together hold every row once", async () => {
    await using served = serveHub(generation);
    const projectId = served.hub.addProject();
    const id = served.hub.addAnalysis({ projectId, bucketTypes: [] });
    for (let index = 0; index < 61; index += 1) served.hub.addBucket(id, "TEMP");
    const filter = { [`filter[${rightKey}]`]: id, "page[limit]": "1000" };
    const first = await list(served, "/core/analysis-buckets", filter);
    const second = await list(served, "/core/analysis-buckets", { ...filter, "page[offset]": "50" });
    expect([first.data.length, second.data.length, first.meta.limit, second.meta.offset]).toEqual([50, 11, 50, 50]);
    expect(new Set([...first.data, ...second.data].map((row) => row.id)).size).toBe(61);
  });

  test("sorting by time turns round with a minus", async () => {
    let now = 0;
    await using served = serveHub(generation, { now: () => (now += 1000) });
    const key = generation === "2026" ? "createdAt" : "created_at";
    const up = await list(served, "/core/nodes", { sort: key });
    const down = await list(served, "/core/nodes", { sort: `-${key}` });
    expect(up.data.map((row) => row.id)).toEqual([served.nodeA.id, served.nodeB.id]);
    expect(down.data.map((row) => row.id)).toEqual([served.nodeB.id, served.nodeA.id]);
  });

  test("what tests change shows: keys, late bucket ids, removed projects", async () => {
    await using served = serveHub(generation);
    const { hub, nodeA } = served;
    const token = await served.signIn(nodeA);
    hub.setNodeKey(nodeA.id, null);
    expect(await (await served.call(`/core/nodes/${nodeA.id}`, token)).text()).toMatch(/"public_?key":null/i);
    const id = seededAnalysis(served);
    hub.bucketOf(id, "TEMP").bucketId = null;
    const query = { [`filter[${rightKey}]`]: id, "filter[type]": "TEMP" };
    expect(Object.values((await list(served, "/core/analysis-buckets", query)).data[0] ?? {})).toContain(null);
    const projectId = served.seed.projects[0]?.id ?? "";
    await hub.removeProject(projectId);
    expect((await served.call(`/core/projects/${projectId}`, token)).status).toBe(404);
    expect((await served.call(`/core/analyses/${id}`, token)).status).toBe(404);
  });

  test("a link posted twice is there twice", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    const { id } = served.hub.bucketOf(seededAnalysis(served), "RESULT");
    const body = JSON.stringify({ name: "a", external_id: crypto.randomUUID(), bucket_id: id, root: false });
    for (let index = 0; index < 2; index += 1) {
      const init = { method: "POST", headers: { "Content-Type": "application/json" }, body };
      expect((await served.call("/core/analysis-bucket-files", token, init)).status).toBe(201);
    }
    expect([...served.hub.state.links.values()].map((link) => link.analysisBucketId)).toEqual([id, id]);
    const empty = { method: "POST", body: "{}" };
    expect((await served.call("/core/analysis-bucket-files", token, empty)).status).toBe(400);
  });

  test("a full page of links is an internal error on a 2025 Hub, and on no other", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    const { id } = served.hub.bucketOf(seededAnalysis(served), "RESULT");
    const listed: number[] = [];
    const look = async () => (await served.call("/core/analysis-bucket-files", token)).status;
    for (let count = 1; count <= 51; count += 1) {
      const body = JSON.stringify({ name: `${count}`, external_id: crypto.randomUUID(), bucket_id: id, root: false });
      const init = { method: "POST", headers: { "Content-Type": "application/json" }, body };
      await served.call("/core/analysis-bucket-files", token, init);
      if (count >= 49) listed.push(await look());
    }
    expect(listed).toEqual(generation === "2025" ? [200, 500, 500] : [200, 200, 200]);
    const narrow = await served.call("/core/analysis-bucket-files?filter[name]=7", token);
    expect(narrow.status).toBe(200);
  });

  test("unknown routes are 404, without the code by which a missing row is told", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    for (const path of ["/core/nothing", "/storage/nothing"]) {
      const answer = await served.call(path, token);
      const body = { statusCode: 404, message: "Not Found" };
      expect([answer.status, await answer.json()]).toEqual([404, body]);
    }
    const row = await served.call(`/core/projects/${crypto.randomUUID()}`, token);
    expect(await row.json()).toHaveProperty("code");
    expect((await served.call("/auth/nothing")).status).toBe(404);
  });
});

test("the seed is the same every time", () => {
  expect(createSeed()).toEqual(createSeed());
  const key = createSeed({ nodeKeys: { b: "PEM" } }).nodes.map((node) => node.publicKey);
  expect(key).toEqual([null, "50454d"]);
});
