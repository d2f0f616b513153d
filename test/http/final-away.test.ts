import { describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { formOf, startTestService } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";
import { file, put, type Submitted, statusOf, submissionRows, uploads } from "./finals.ts";

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
