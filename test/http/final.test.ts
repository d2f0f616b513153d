import { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import { eventually } from "../support/eventually.ts";
import { connectRaw } from "../support/raw-http.ts";
import { backends, type Client, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";

const generations: readonly HubGeneration[] = ["2025", "2026-snake", "2026"];
const uploads = /^\/storage\/buckets\/.*\/upload$/;
const file = (content: string | Uint8Array<ArrayBuffer>, name = "result.csv") => new File([content], name);

interface Submitted {
  readonly submission_id: string;
  readonly url: string;
}

const put = (service: TestService, content: string | File, as: Client = "1") =>
  service.fetch(as, "/final", {
    method: "PUT",
    body: formOf(["file", typeof content === "string" ? file(content) : content]),
  });
const filesAt = (service: TestService, analysis = service.analyses[0]) =>
  service.hub.filesOf(service.hub.bucketOf(analysis, "RESULT").bucketId ?? "");
const textAt = async (service: TestService, id: string) => new TextDecoder().decode(await service.hub.readFile(id));
async function statusOf(service: TestService, submissionId: string, as: Client = "1") {
  const response = await service.fetch(as, `/final/submissions/${submissionId}`);
  return (await response.json()) as {
    status: string;
    attempts: number;
    last_error: string | null;
    delivered_at: string | null;
  };
}
const untilDelivered = (service: TestService, id: string, limitMs = 8_000) =>
  eventually(async () => expect((await statusOf(service, id)).status).toBe("delivered"), limitMs);

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

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`finals on ${backend} storage`, () => {
    let service: TestService;
    beforeAll(async () => {
      service = await startTestService({
        backend,
        env: { SUBMISSIONS__WAIT_SECONDS: "1", SUBMISSIONS__RETRY_MAX_SECONDS: "1" },
      });
    });
    afterAll(() => service.stop());

    test("a delivery that takes longer than the client waits is answered 202 and goes on", async () => {
      const lift = service.hub.fail({ path: uploads }, { kind: "delay", ms: 2_500 });
      const response = await put(service, file("slow", "slow.bin"));
      expect(response.status).toBe(202);
      const { submission_id } = (await response.json()) as Submitted;
      expect(await statusOf(service, submission_id)).toMatchObject({ status: "queued", attempts: 1, last_error: null });
      lift();
      await untilDelivered(service, submission_id);
      expect(await statusOf(service, submission_id)).toMatchObject({ attempts: 1 });
      expect(filesAt(service).filter(({ path }) => path === "slow.bin")).toHaveLength(1);
    });

    test("a large file arrives as it was sent", async () => {
      const content = crypto.getRandomValues(new Uint8Array(65_536));
      const large = new Blob(Array.from({ length: 400 }, () => content));
      const body = formOf(["file", new File([large], "large.bin")]);
      const response = await service.fetch("1", "/final", { method: "PUT", body });
      expect([204, 202]).toContain(response.status);
      const sent = new Bun.CryptoHasher("sha256").update(await large.arrayBuffer()).digest("hex");
      await eventually(async () => {
        const stored = filesAt(service).find(({ path }) => path === "large.bin");
        expect(await service.hub.sha256Of(stored?.id ?? "")).toBe(sent);
      }, 10_000);
    });

    test("finals of an analysis arrive in the order they came, others need not wait for them", async () => {
      const bucket = service.hub.bucketOf(service.analyses[0], "RESULT").bucketId;
      const path = new RegExp(`^/storage/buckets/${bucket}/upload$`);
      const lift = service.hub.fail({ path }, { kind: "status", status: 503 });
      const names = ["o-1", "o-2", "o-3", "o-4"];
      for (const name of names) expect((await put(service, file(name, name))).status).toBe(202);
      expect((await put(service, file("free", "free"), "2")).status).toBe(204);
      lift();
      const ordered = () =>
        filesAt(service)
          .map((stored) => stored.path)
          .filter((stored) => stored.startsWith("o-"));
      await eventually(() => expect(ordered()).toEqual(names), 10_000);
    });

    test("a submission is known to its own analysis only", async () => {
      const lift = service.hub.fail({ path: uploads }, { kind: "status", status: 503 });
      const { submission_id } = (await (await put(service, file("x", "own.bin"))).json()) as Submitted;
      lift();
      const foreign = await service.fetch("2", `/final/submissions/${submission_id}`);
      const detail = `Submission with ID ${submission_id} does not exist`;
      expect([foreign.status, await foreign.json()]).toEqual([404, { detail }]);
      expect((await service.fetch("1", `/final/submissions/${crypto.randomUUID()}`)).status).toBe(404);
      const bad = await service.fetch("1", "/final/submissions/nonsense");
      expect(bad.status).toBe(422);
      expect(await bad.json()).toMatchObject({ detail: [{ loc: ["path", "submission_id"] }] });
      await untilDelivered(service, submission_id);
    });

    test("a client that goes away in the middle leaves nothing", async () => {
      await eventually(async () => expect(await countObjects(service)).toBe(0), 10_000);
      const client = await connectRaw(service.url);
      await client.send(
        `PUT /final HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\n` +
          "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n" +
          '--b\r\nContent-Disposition: form-data; name="file"; filename="gone.bin"\r\n\r\nhalf',
      );
      await Bun.sleep(100);
      client.close();
      await eventually(async () => expect(await countObjects(service)).toBe(0));
      expect(filesAt(service).some(({ path }) => path === "gone.bin")).toBe(false);
    });

    test("a form that breaks off after its file leaves nothing", async () => {
      const client = await connectRaw(service.url);
      await client.send(
        `PUT /final HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\n` +
          "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 95\r\n\r\n" +
          '--b\r\nContent-Disposition: form-data; name="file"; filename="cut.bin"\r\n\r\nwhole file\r\n--b\r\nrubbis',
      );
      expect(await client.until(/\}$/)).toStartWith("HTTP/1.1 422");
      client.close();
      await eventually(async () => expect(await countObjects(service)).toBe(0));
      expect(filesAt(service).some(({ path }) => path === "cut.bin")).toBe(false);
    });

    test("a missing file is a 422, a missing token a 401", async () => {
      const body = formOf(["other", "x"]);
      const missing = await service.fetch("1", "/final", { method: "PUT", body });
      expect(missing.status).toBe(422);
      expect(await missing.json()).toMatchObject({ detail: [{ type: "missing", loc: ["body", "file"] }] });
      const nobody = await fetch(`${service.url}/final`, { method: "PUT", body: formOf(["file", file("x")]) });
      expect(nobody.status).toBe(401);
      expect((await put(service, file("x"), "adapter")).status).toBe(404);
    });

    test("a name that is too long is cut, its extension kept", async () => {
      const name = `${"💾".repeat(200)}.csv`;
      expect((await put(service, file("x", name), "3")).status).toBe(204);
      const [stored] = filesAt(service, service.analyses[2]);
      expect(stored?.path).toMatch(/^💾+\.csv$/u);
      expect(stored?.path.length).toBeLessThanOrEqual(255);
    });

    test("log lines bear ids and sizes, no names, and tell of every step", () => {
      const events = new Set(service.logLines.map(({ event }) => event));
      for (const event of ["final.submitted", "final.delivered", "final.retried"]) expect(events).toContain(event);
      const lines = service.logLines.filter(({ event }) => event.startsWith("final."));
      for (const name of ["slow.bin", "large.bin", "o-1"]) expect(JSON.stringify(lines)).not.toContain(name);
      const delivered = lines.find(({ event }) => event === "final.delivered");
      expect(delivered?.fields).toMatchObject({
        outcome: "ok",
        attempts: expect.any(Number),
        bytes: expect.any(Number),
      });
    });
  });
}

describe("while the Hub cannot be reached at all", () => {
  test("a final is safe and answered 202, and one behind it at once", async () => {
    const env = { SUBMISSIONS__RETRY_MAX_SECONDS: "60", HUB__CORE_BASE_URL: "http://127.0.0.1:1" };
    const service = await startTestService({ env });
    expect((await put(service, "kept")).status).toBe(202);
    const start = performance.now();
    // The early look-up alone is waited for, with its own patience; the delivery is not tried before its turn.
    expect((await put(service, "behind")).status).toBe(202);
    expect(performance.now() - start).toBeLessThan(6_000);
    expect(submissionRows(service)).toBe(2);
    expect(await countObjects(service)).toBe(2);
    await service.stop();
  }, 20_000);

  test("the Hub's return wakes all that wait", async () => {
    const service = await startTestService({ env: { SUBMISSIONS__RETRY_MAX_SECONDS: "3600" } });
    const lift = service.hub.fail({ path: uploads }, { kind: "status", status: 503 });
    const ids: string[] = [];
    for (const as of ["1", "2", "3"] as const) {
      ids.push(((await (await put(service, file("x", `w-${as}`), as)).json()) as Submitted).submission_id);
    }
    // By now they wait for longer and longer.
    await eventually(
      async () => expect((await statusOf(service, ids[2] ?? "", "3")).attempts).toBeGreaterThan(2),
      15_000,
    );
    lift();
    const analysisId = service.hub.addAnalysis({ projectId: service.projects[0] });
    const headers = { authorization: `Bearer ${await service.identity.token(analysisId)}` };
    await service.fetch("1", "/final", { method: "PUT", headers, body: formOf(["file", file("new")]) });
    await Promise.all(
      (["1", "2", "3"] as const).map((as, index) =>
        eventually(async () => expect((await statusOf(service, ids[index] ?? "", as)).status).toBe("delivered"), 3_000),
      ),
    );
    await service.stop();
  }, 30_000);

  test("wrong credentials of this node do not cost a result", async () => {
    const service = await startTestService({ env: { HUB__AUTH__SECRET: "wrong" } });
    const response = await put(service, "kept");
    expect(response.status).toBe(202);
    const { submission_id } = (await response.json()) as Submitted;
    await eventually(async () => expect((await statusOf(service, submission_id)).attempts).toBeGreaterThan(1), 8_000);
    expect((await statusOf(service, submission_id)).status).toBe("queued");
    await service.stop();
  }, 15_000);

  test("a result that the Hub refuses after it was acknowledged is kept for an operator", async () => {
    const service = await startTestService({ env: { SUBMISSIONS__RETRY_MAX_SECONDS: "1" } });
    const lift = service.hub.fail({ path: uploads }, { kind: "status", status: 503 });
    const { submission_id } = (await (await put(service, "kept")).json()) as Submitted;
    service.hub.fail({ path: uploads }, { kind: "status", status: 403 });
    lift();
    await eventually(async () => {
      expect(await statusOf(service, submission_id)).toMatchObject({
        status: "rejected",
        last_error: "Hub returned an unexpected response (403)",
        delivered_at: null,
      });
    });
    expect(await countObjects(service)).toBe(1);
    await service.stop();
  }, 15_000);
});

describe("without the queue", () => {
  let service: TestService;
  beforeEach(async () => {
    service = await startTestService({ env: { FINAL__QUEUE: "0" } });
  });
  afterEach(() => service.stop());

  test("a final is passed straight on, and a name clash is a 409", async () => {
    expect((await put(service, "straight")).status).toBe(204);
    expect(await textAt(service, filesAt(service)[0]?.id ?? "")).toBe("straight");
    expect((await put(service, "again")).status).toBe(409);
    expect(submissionRows(service)).toBe(0);
  });

  test.each([
    [{ kind: "status", status: 503 }, 502, "Hub returned an unexpected response (503)"],
    [{ kind: "status", status: 404 }, 502, "Hub returned an unexpected response (404)"],
    [{ kind: "drop" }, 502, "The Hub cannot be reached"],
  ] as const)("%j is a %i, and nothing is kept", async (fault, status, detail) => {
    service.hub.fail({ path: uploads }, fault);
    const response = await put(service, "lost");
    expect([response.status, await response.json()]).toEqual([status, { detail }]);
    expect([await countObjects(service), submissionRows(service)]).toEqual([0, 0]);
  });

  test("a client that goes away does not break the Hub's upload off, and leaves nothing there", async () => {
    const client = await connectRaw(service.url);
    const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="gone.bin"\r\n\r\n';
    await client.send(
      `PUT /final HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\n` +
        `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n${head}`,
    );
    await client.send(new Uint8Array(2_000_000));
    await eventually(() => expect(service.hub.requests.some(({ path }) => uploads.test(path))).toBe(true));
    client.close();
    await eventually(() => expect(service.hub.requests.some(({ method }) => method === "DELETE")).toBe(true));
    await eventually(() => expect([filesAt(service).length, service.hub.state.brokenUploads]).toEqual([0, 0]));
  });

  test("localdp works as well", async () => {
    const body = formOf(["file", file("10", "n.txt")], ["epsilon", "1"], ["sensitivity", "1"]);
    expect((await service.fetch("1", "/final/localdp", { method: "PUT", body })).status).toBe(204);
    expect(Number(await textAt(service, filesAt(service)[0]?.id ?? ""))).not.toBe(10);
  });
});

function submissionRows(service: TestService): number {
  const database = new Database(join(service.dataDir ?? "", "catalog.sqlite"), { readonly: true });
  try {
    return database.query<{ n: number }, []>("select count(*) as n from submission").get()?.n ?? -1;
  } finally {
    database.close();
  }
}

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
