import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { sqlitePath } from "../../src/app/storage.ts";
import { type SubmissionsRequest, submissions } from "../../src/commands/submissions.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import { longestBlockMs } from "../../src/submissions/store/submission-store.ts";
import { createTestIo } from "../commands/test-io.ts";
import { eventually } from "../support/eventually.ts";
import { backends, type Client, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";
import { newSubmission } from "./new-submission.ts";

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`the queue beside a running service on ${backend} storage`, () => {
    let service: TestService;
    let lift: () => void;
    beforeEach(async () => {
      service = await startTestService({ backend, env: { SUBMISSIONS__RETRY_MAX_SECONDS: "3600" } });
      lift = service.hub.fail(
        { path: /\/upload$/ },
        { kind: "status", status: 503, headers: { "retry-after": "600" } },
      );
    });
    afterEach(() => service.stop());

    async function command(request: SubmissionsRequest, answer = false) {
      const io = createTestIo(service.environment);
      const questions: string[] = [];
      const confirm = async (question: string) => {
        questions.push(question);
        return answer;
      };
      const code = await submissions(io, request, { confirm });
      return { code, out: io.printed.join("\n"), err: io.errors.join("\n"), questions };
    }

    async function submit(name: string, as: Client = "1"): Promise<string> {
      const body = formOf(["file", new File(["secret content"], name)]);
      const response = await service.fetch(as, "/final", { method: "PUT", body });
      expect(response.status).toBe(202);
      return ((await response.json()) as { submission_id: string }).submission_id;
    }
    const statusOf = async (id: string) =>
      ((await (await service.fetch("1", `/final/submissions/${id}`)).json()) as { status: string }).status;

    test("lists what waits, as a table and as JSON, without file names", async () => {
      expect((await command({ action: "list", all: false, json: false })).out).toBe(
        "Nothing waits and nothing was rejected.",
      );
      const id = await submit("patients.csv");
      const table = await command({ action: "list", all: false, json: false });
      expect(table.code).toBe(0);
      expect(table.out).toMatch(/^SUBMISSION +ANALYSIS +STATE +ATTEMPTS +BYTES +SUBMITTED +LAST ERROR\n/);
      expect(table.out).toContain(`${id}  ${service.analyses[0]}  queued`);
      expect(table.out).toContain("Hub returned an unexpected response (503)");
      const { out } = await command({ action: "list", all: false, json: true });
      expect(JSON.parse(out)).toMatchObject([{ submission_id: id, state: "queued", attempts: 1, size_bytes: 14 }]);
      expect(table.out + out).not.toContain("patients.csv");
    });

    test("retry delivers at once what the Hub had put off for long", async () => {
      const id = await submit("put-off.csv");
      lift();
      expect(await command({ action: "retry", ids: [id.toUpperCase()], all: false })).toMatchObject({
        code: 0,
        out: `${id} is due now`,
      });
      await eventually(async () => expect(await statusOf(id)).toBe("delivered"));
      expect((await command({ action: "list", all: true, json: false })).out).toContain("delivered");
      expect(await command({ action: "retry", ids: [id], all: false })).toMatchObject({ code: 1 });
    });

    test("retry --all takes everything that is not delivered, rejected ones too", async () => {
      const ids = [await submit("a.csv"), await submit("b.csv")];
      lift();
      lift = service.hub.fail({ path: /\/upload$/ }, { kind: "status", status: 403 });
      await command({ action: "retry", ids: [], all: true });
      await eventually(
        async () => expect(await Promise.all(ids.map(statusOf))).toEqual(["rejected", "rejected"]),
        8_000,
      );
      lift();
      expect((await command({ action: "retry", ids: [], all: true })).code).toBe(0);
      await eventually(
        async () => expect(await Promise.all(ids.map(statusOf))).toEqual(["delivered", "delivered"]),
        8_000,
      );
      await eventually(async () => expect(await countObjects(service)).toBe(0));
    }, 20_000);

    test("drop asks first, and then removes row and file", async () => {
      const id = await submit("drop.csv");
      const refused = await command({ action: "drop", ids: [id], yes: false });
      expect([refused.code, refused.questions.length]).toEqual([1, 1]);
      expect(refused.questions[0]).toContain(id);
      expect(await statusOf(id)).toBe("queued");
      expect(await command({ action: "drop", ids: [id], yes: false }, true)).toMatchObject({ code: 0 });
      expect((await service.fetch("1", `/final/submissions/${id}`)).status).toBe(404);
      expect(await countObjects(service)).toBe(0);
      const again = await command({ action: "drop", ids: [id], yes: true });
      expect([again.code, again.questions]).toEqual([1, []]);
    });

    test("what is no id, or not there, is told so", async () => {
      expect(await command({ action: "drop", ids: ["nonsense"], yes: true })).toMatchObject({ code: 2 });
      expect(await command({ action: "retry", ids: [], all: false })).toMatchObject({ code: 2 });
      expect(await command({ action: "retry", ids: [crypto.randomUUID()], all: false })).toMatchObject({ code: 1 });
    });
  });
}

test("what stands aside is said to do so, as a table and as JSON", async () => {
  const service = await startTestService();
  await service.shutDown();
  const sqlite = openSqlite(sqlitePath(service.dataDir ?? ""));
  const lease = { holder: "me", leaseMs: 1 };
  const [stuck, next] = [newSubmission(), newSubmission()];
  // Two days ago: one that has failed since then no longer keeps back the others.
  const store = createSqliteSubmissions(sqlite, () => Date.now() - 2 * longestBlockMs);
  await store.add(stuck, lease);
  await store.postpone(stuck.id, "me", { delayMs: 0, isFixed: false, reason: "The Hub cannot be reached" });
  await createSqliteSubmissions(sqlite, Date.now).add(next, lease);
  await sqlite.close();
  const list = async (json: boolean) => {
    const io = createTestIo(service.environment);
    expect(await submissions(io, { action: "list", all: false, json }, { confirm: async () => false })).toBe(0);
    return io.printed.join("\n");
  };
  const lines = (await list(false)).split("\n");
  const lineOf = ({ id }: { id: string }) => lines.find((line) => line.startsWith(id));
  expect(lineOf(stuck)).toContain("  queued, stands aside  ");
  expect(lineOf(next)).not.toContain("aside");
  expect(JSON.parse(await list(true))).toMatchObject([
    { submission_id: stuck.id, state: "queued", stands_aside: true },
    { submission_id: next.id, stands_aside: false },
  ]);
  await service.stop();
});

test("a folder on which the service never ran is told so, and nothing is made there", async () => {
  const service = await startTestService();
  await service.shutDown();
  const io = createTestIo({ ...service.environment, DATA_DIR: "/nonexistent/data" });
  const deps = { confirm: async () => true };
  expect(await submissions(io, { action: "list", all: false, json: false }, deps)).toBe(1);
  expect(io.errors.join()).toContain("the service has not been started on this DATA_DIR");
  await service.stop();
});
