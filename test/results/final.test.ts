import { expect, test } from "bun:test";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import type { Hub } from "../../src/hub/hub.ts";
import { createFinalResults } from "../../src/results/final.ts";
import { createResultBuckets } from "../../src/results/result-bucket.ts";
import type { NewFinal } from "../../src/submissions/queue.ts";
import { createLongWork } from "../../src/time/long-work.ts";
import { createTestLog } from "../support/log.ts";
import { fakeHub, hubAway, uploadOf } from "./fakes.ts";

const analysisId = crypto.randomUUID();
const projectId = crypto.randomUUID();
const submissionId = crypto.randomUUID();
const longWork = createLongWork({ steadyNow: () => performance.now() });
const dp = { epsilon: "0.5", sensitivity: "2" };

function createSubject(submit: (final: NewFinal) => Promise<"delivered" | "queued">, hub: Partial<Hub> = {}) {
  const { log, lines } = createTestLog();
  const taken: NewFinal[] = [];
  const queue = {
    async submit(final: NewFinal) {
      taken.push(final);
      const verdict = await submit(final);
      return { submissionId, sizeBytes: 5, verdict };
    },
    find: async () => undefined,
    start() {},
    drain() {},
    stop: async () => {},
  };
  const asked = fakeHub({ findProjectId: async () => projectId, ...hub });
  const buckets = createResultBuckets({ hub: asked, secondLookMs: 0, patienceMs: 50 });
  const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const final = createFinalResults({ hub: asked, buckets, queue, isQueued: true, randomBytes, longWork, log });
  const trail = (event: string) => lines.filter((line) => line.event === event).map(({ fields }) => fields);
  return { final, taken, trail };
}

const failing = (code: ErrorCode) => () => Promise.reject(new AppError(code, "no"));

test("a release is on record with its epsilon, sensitivity and outcome", async () => {
  const { final, trail } = createSubject(async () => "delivered");
  expect(await final.submitNoisy(analysisId, uploadOf("42", dp))).toBeUndefined();
  expect(trail("dp.released")).toEqual([{ analysisId, epsilon: 0.5, sensitivity: 2, outcome: "ok" }]);
  expect(trail("final.submitted")).toEqual([
    { analysisId, objectId: submissionId, bytes: 5, verdict: "delivered", outcome: "ok" },
  ]);
});

test("a release that failed is on record where the noisy value may have left, and only there", async () => {
  for (const [code, released] of [
    ["hub_unreachable", 1],
    ["hub_timeout", 1],
    ["database", 0],
    ["storage_full", 0],
  ] as const) {
    const { final, trail } = createSubject(failing(code));
    await expect(final.submitNoisy(analysisId, uploadOf("42", dp))).rejects.toMatchObject({ code });
    expect([code, trail("dp.released").length]).toEqual([code, released]);
    expect(trail("final.submitted")).toEqual([{ analysisId, outcome: "failed", code }]);
  }
});

test("a final is submitted with the project it belongs to, the noisy ones too", async () => {
  const { final, taken } = createSubject(async () => "queued");
  expect(await final.submit(analysisId, uploadOf("x"))).toBe(submissionId);
  await final.submitNoisy(analysisId, uploadOf("42", dp));
  expect(taken.map((one) => one.projectId)).toEqual([projectId, projectId]);
});

test("a Hub that is away does not keep a final from being taken; its project is unknown then", async () => {
  const away = () => Promise.reject(hubAway);
  const { final, taken } = createSubject(async () => "queued", { findProjectId: away, findBucket: away });
  expect(await final.submit(analysisId, uploadOf("x"))).toBe(submissionId);
  expect(taken.map((one) => one.projectId)).toEqual([undefined]);
});

test("an analysis that the Hub no longer knows is refused, though its bucket is remembered", async () => {
  const { final, taken } = createSubject(async () => "queued", { findProjectId: async () => undefined });
  const refusal = { code: "not_found", message: `Result bucket for analysis with ID ${analysisId} was not found` };
  await expect(final.submit(analysisId, uploadOf("x"))).rejects.toMatchObject(refusal);
  expect(taken).toEqual([]);
});
