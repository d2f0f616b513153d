import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { connectRaw } from "../support/raw-http.ts";
import { backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
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
