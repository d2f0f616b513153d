import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import { eventually } from "../support/eventually.ts";
import { formOf, startTestService, type TestService } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";
import {
  file,
  filesAt,
  put,
  type Submitted,
  statusOf,
  submissionRows,
  textAt,
  untilDelivered,
  uploads,
} from "./finals.ts";

const generations: readonly HubGeneration[] = ["2025", "2026-snake", "2026"];

describe.each(generations)("finals on a Hub of %s", (generation) => {
  let service: TestService;
  beforeEach(async () => {
    service = await startTestService({ generation, env: { SUBMISSIONS__RETRY_MAX_SECONDS: "1" } });
  });
  afterEach(() => service.stop());

  test("a final lands in the result bucket under its name, linked once, and nothing stays here", async () => {
    const response = await put(service, "1,2,3");
    expect([response.status, await response.text()]).toEqual([204, ""]);
    const [stored, ...others] = filesAt(service);
    expect([stored?.path, others.length]).toEqual(["result.csv", 0]);
    expect(await textAt(service, stored?.id ?? "")).toBe("1,2,3");
    expect(
      service.hub.state.links
        .values()
        .filter((link) => link.bucketFileId === stored?.id)
        .toArray(),
    ).toHaveLength(1);
    await eventually(async () => expect(await countObjects(service)).toBe(0));
    expect(service.hub.state.brokenUploads).toBe(0);
  });

  test("a name that the bucket has already is a 409, the first file is untouched, and nothing is kept", async () => {
    expect((await put(service, "first")).status).toBe(204);
    const response = await put(service, "second");
    expect([response.status, await response.json()]).toEqual([
      409,
      { detail: "The result bucket already has a file named `result.csv`" },
    ]);
    expect(await textAt(service, filesAt(service)[0]?.id ?? "")).toBe("first");
    expect(filesAt(service)).toHaveLength(1);
    await eventually(async () => expect(await countObjects(service)).toBe(0));
  });

  test("a Hub that takes the file and drops the connection gets no second copy, and one link", async () => {
    service.hub.fail({ path: uploads }, { kind: "drop" }, 1);
    const response = await put(service, "once");
    expect(response.status).toBe(202);
    await untilDelivered(service, ((await response.json()) as Submitted).submission_id);
    expect(filesAt(service).map(({ path }) => path)).toEqual(["result.csv"]);
    expect([...service.hub.state.links.values()]).toHaveLength(1);
  });

  test("an answer to the link that is lost does not link twice", async () => {
    service.hub.fail({ method: "POST", path: /^\/core\/analysis-bucket-files/ }, { kind: "drop" }, 1);
    const response = await put(service, "linked");
    expect(response.status).toBe(generation === "2025" ? 202 : 204);
    await eventually(async () => expect(await countObjects(service)).toBe(0));
    expect(filesAt(service)).toHaveLength(1);
    expect([...service.hub.state.links.values()]).toHaveLength(1);
  });

  test("a different file of the same name is not taken for ours: ours gets a short id before the extension", async () => {
    const lift = service.hub.fail({ path: uploads }, { kind: "status", status: 503 });
    const response = await put(service, file("mine!", "model.tar.gz"));
    const { submission_id } = (await response.json()) as Submitted;
    lift();
    const twin = formOf(["file", file("other", "model.tar.gz")]);
    const bucketId = service.hub.bucketOf(service.analyses[0], "RESULT").bucketId ?? "";
    await uploadAs(service, bucketId, twin);
    await untilDelivered(service, submission_id);
    const paths = filesAt(service).map(({ path }) => path);
    expect(paths).toEqual(["model.tar.gz", `model.tar-${submission_id.slice(0, 8)}.gz`]);
    expect(await textAt(service, filesAt(service)[1]?.id ?? "")).toBe("mine!");
  });
});

test("a link whose answer was lost, on a Hub that cannot list its links, ends in one file that is linked", async () => {
  const service = await startTestService({ generation: "2025", env: { SUBMISSIONS__RETRY_MAX_SECONDS: "1" } });
  const links = /^\/core\/analysis-bucket-files/;
  service.hub.fail({ method: "POST", path: links }, { kind: "drop" }, 1);
  const unreadable = { statusCode: 500, code: "42803", message: "An internal server error occurred." };
  service.hub.fail({ method: "GET", path: links }, { kind: "status", status: 500, body: unreadable });
  const response = await put(service, "linked");
  expect(response.status).toBe(202);
  await untilDelivered(service, ((await response.json()) as Submitted).submission_id);
  const [stored, ...others] = filesAt(service);
  expect([await textAt(service, stored?.id ?? ""), others.length]).toEqual(["linked", 0]);
  // Whether there is a link cannot be seen there: a file that is shown twice is better than one that is never shown.
  expect([...service.hub.state.links.values()].map(({ bucketFileId }) => bucketFileId)).toContain(stored?.id ?? "");
  await eventually(async () => expect(await countObjects(service)).toBe(0));
  await service.stop();
});

describe("finals on a Hub that does not do as it should", () => {
  let service: TestService;
  beforeEach(async () => {
    service = await startTestService({ env: { SUBMISSIONS__RETRY_MAX_SECONDS: "1" } });
  });
  afterEach(() => service.stop());

  test.each([
    ["is away for a moment", { kind: "status", status: 503 }],
    ["fails", { kind: "status", status: 500 }],
    ["asks to slow down", { kind: "status", status: 429, headers: { "retry-after": "0" } }],
    ["rejects the token", { kind: "status", status: 401 }],
    ["answers nonsense", { kind: "garbage" }],
    ["is hidden behind an ingress without a way to it", { kind: "status", status: 404, body: "default backend - 404" }],
  ] as const)("a Hub that %s costs a 202, and the final is delivered later", async (_, fault) => {
    const lift = service.hub.fail({ path: uploads }, fault);
    const response = await put(service, "kept");
    expect(response.status).toBe(202);
    const { submission_id, url } = (await response.json()) as Submitted;
    expect(url).toBe(`${service.url}/final/submissions/${submission_id}`);
    const waiting = await statusOf(service, submission_id);
    expect(waiting).toMatchObject({ submission_id, status: "queued", delivered_at: null });
    lift();
    await untilDelivered(service, submission_id);
    expect(await statusOf(service, submission_id)).toMatchObject({ last_error: null });
    expect(filesAt(service)).toHaveLength(1);
    await eventually(async () => expect(await countObjects(service)).toBe(0));
  });

  test.each([
    [400, "Hub returned an unexpected response (400)"],
    [403, "Hub returned an unexpected response (403)"],
    [404, "Hub returned an unexpected response (404)"],
    [413, "Hub returned an unexpected response (413)"],
  ])("a Hub that refuses the upload with %i is a 502 that names it, and nothing is kept", async (status, detail) => {
    service.hub.fail({ path: uploads }, { kind: "status", status });
    const response = await put(service, "refused");
    expect([response.status, await response.json()]).toEqual([502, { detail }]);
    expect(await countObjects(service)).toBe(0);
    expect(submissionRows(service)).toBe(0);
  });

  test.each([
    ["empty", 0],
    ["twice", 2],
  ] as const)("an upload that comes back %s is a 502, and nothing is left on the Hub", async (kind, count) => {
    service.hub.fail({ path: uploads }, { kind });
    const response = await put(service, "odd");
    const detail = `Expected single uploaded file to be returned by storage service, got ${count}`;
    expect([response.status, await response.json()]).toEqual([502, { detail }]);
    expect([filesAt(service).length, await countObjects(service), submissionRows(service)]).toEqual([0, 0, 0]);
  });

  test("an analysis without a result bucket is a 404, and nothing is stored on the way", async () => {
    const analysisId = service.hub.addAnalysis({ projectId: service.projects[0], bucketTypes: ["TEMP"] });
    const headers = { authorization: `Bearer ${await service.identity.token(analysisId)}` };
    const response = await service.fetch("1", "/final", { method: "PUT", headers, body: formOf(["file", file("x")]) });
    const detail = `Result bucket for analysis with ID ${analysisId} was not found`;
    expect([response.status, await response.json()]).toEqual([404, { detail }]);
    expect([await countObjects(service), submissionRows(service)]).toEqual([0, 0]);
  });

  test("a result bucket that appears a moment later is found", async () => {
    const analysisId = service.hub.addAnalysis({ projectId: service.projects[0], bucketTypes: [] });
    const headers = { authorization: `Bearer ${await service.identity.token(analysisId)}` };
    const answer = service.fetch("1", "/final", { method: "PUT", headers, body: formOf(["file", file("early")]) });
    await Bun.sleep(300);
    service.hub.addBucket(analysisId, "RESULT");
    expect((await answer).status).toBe(204);
  });
});

async function uploadAs(service: TestService, bucketId: string, body: FormData): Promise<void> {
  const grant = { grant_type: "password", username: "admin", password: "start123" };
  const signedIn = await fetch(`${service.hubUrl}/auth/token`, {
    method: "POST",
    body: JSON.stringify(grant),
    headers: { "content-type": "application/json" },
  });
  const { access_token } = (await signedIn.json()) as { access_token: string };
  const headers = { authorization: `Bearer ${access_token}` };
  const response = await fetch(`${service.hubUrl}/storage/buckets/${bucketId}/upload`, {
    method: "POST",
    body,
    headers,
  });
  expect(response.status).toBe(201);
}
