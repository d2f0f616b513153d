import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { formOf, startTestService, type TestService } from "../support/service.ts";

describe("the audit trail", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(() => service.stop());

  const trail = (event: string) => service.logLines.filter((line) => line.event === event).map(({ fields }) => fields);
  const put = (content: string, ...more: [string, string][]) =>
    service.fetch("1", "/local", { method: "PUT", body: formOf(["file", new File([content], "x")], ...more) });

  test("says who stored and read what, how much of it, and how it ended", async () => {
    const { object_id: objectId } = (await (await put("12345")).json()) as { object_id: string };
    const [analysisId, , stranger] = service.analyses;
    const [projectId, otherProject] = service.projects;
    expect(trail("result.stored")).toEqual([{ analysisId, projectId, objectId, bytes: 5, outcome: "ok" }]);

    await (await service.fetch("1", `/local/${objectId}`)).text();
    await (await service.fetch("1", `/local/${objectId}`, { headers: { range: "bytes=1-2" } })).text();
    await service.fetch("1", `/local/${objectId}`, { method: "HEAD" });
    await service.fetch("3", `/local/${objectId}`);
    expect(trail("result.read")).toEqual([
      { analysisId, projectId, objectId, bytes: 5, outcome: "ok" },
      { analysisId, projectId, objectId, bytes: 2, outcome: "ok" },
      { analysisId: stranger, projectId: otherProject, objectId, outcome: "failed", code: "not_found" },
    ]);
  });

  test("has the uploads that failed, too", async () => {
    await put("x", ["tag", "No Tag"]);
    expect(trail("result.stored").at(-1)).toMatchObject({ outcome: "failed", code: "invalid_input" });
  });

  test("says which projects were deleted, and which were not", async () => {
    const gone = crypto.randomUUID();
    const [still] = service.projects;
    for (const id of [gone, still]) await service.fetch("adapter", `/local?project_id=${id}`, { method: "DELETE" });
    expect(trail("project.deleted")).toEqual([
      { projectId: gone, outcome: "ok" },
      { projectId: still, outcome: "failed", code: "invalid_input" },
    ]);
  });

  test("says who was refused, and why, without the token", async () => {
    await fetch(`${service.url}/local/tags`);
    await service.fetch("1", "/local/tags", { headers: { authorization: "Bearer aaa.bbb.ccc" } });
    await service.fetch("2", `/local?project_id=${crypto.randomUUID()}`, { method: "DELETE" });
    const denied = trail("access.denied");
    expect(denied.map(({ code, outcome, analysisId }) => [code, outcome, analysisId])).toEqual([
      ["not_authenticated", "denied", undefined],
      ["token_rejected", "denied", undefined],
      ["forbidden", "denied", service.analyses[1]],
    ]);
    expect(JSON.stringify(denied)).not.toContain("aaa.bbb");
  });
});

describe("a trace", () => {
  test("is passed on to the Hub and stands in the log, if it is a valid one", async () => {
    const service = await startTestService({ env: { HUB__CACHE_SECONDS: "0" } });
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    const sent = async (value: string) => {
      const before = service.hub.requests.length;
      await service.fetch("1", "/local/tags", { headers: { traceparent: value } });
      return service.hub.requests.slice(before).map(({ headers }) => headers.get("traceparent"));
    };
    expect(await sent(traceparent)).toEqual([traceparent, traceparent]);
    expect(await sent(`${traceparent}-garbage`)).toEqual([null]);
    expect(await sent("")).toEqual([null]);
    await service.stop();
  });
});
