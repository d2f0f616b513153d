import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { formOf, startTestService, type TestService } from "../support/service.ts";
import { file } from "./finals.ts";

const observedMs = 3_000;
/** After a 503 at most two come in a second, after a 429 each of these is up to five quick tries; without pauses far more. */
const mostUploads = { 503: 12, 429: 30 } as const;

describe("a Hub whose Retry-After names no time to come", () => {
  let service: TestService;
  beforeEach(async () => {
    service = await startTestService({ env: { SUBMISSIONS__RETRY_MAX_SECONDS: "1" } });
  });
  afterEach(() => service.stop());

  /** Puts a final of an analysis of its own, at which the Hub is busy, and tells what counts its uploads. */
  async function putFinal(status: number, retryAfter: string): Promise<() => number> {
    const analysisId = service.hub.addAnalysis({ projectId: service.projects[0] });
    const { bucketId } = service.hub.bucketOf(analysisId, "RESULT");
    const upload = new RegExp(`^/storage/buckets/${bucketId}/upload$`);
    service.hub.fail({ path: upload }, { kind: "status", status, headers: { "retry-after": retryAfter } });
    const headers = { authorization: `Bearer ${await service.identity.token(analysisId)}` };
    const body = formOf(["file", file("kept")]);
    expect((await service.fetch("1", "/final", { method: "PUT", headers, body })).status).toBe(202);
    return () => service.hub.requests.filter(({ path }) => upload.test(path)).length;
  }

  test.each([503, 429] as const)(
    "and answers %d is asked again, but never without a pause",
    async (status) => {
      const values = ["0", "Wed, 01 Jan 2025 00:00:00 GMT", "-5", "1.5"];
      const counters = await Promise.all(values.map((value) => putFinal(status, value)));
      const first = counters.map((count) => count());
      await Bun.sleep(observedMs);
      for (const count of counters) expect(count()).toBeLessThan(mostUploads[status]);
      await eventually(() => {
        for (const [index, count] of counters.entries()) expect(count()).toBeGreaterThan(first[index] ?? 0);
      }, 10_000);
    },
    40_000,
  );
});
