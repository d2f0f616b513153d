import { expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { createReadiness, type PartCheck } from "../../src/observability/create-readiness.ts";
import { createTestLog } from "../support/log.ts";

function readinessOf(parts: readonly Partial<PartCheck>[], limitMs = 1_000, listConcerns?: () => Promise<string[]>) {
  const clock = { nowMs: 0 };
  const { log, lines } = createTestLog();
  const readiness = createReadiness({
    parts: parts.map((part) => ({ name: "part", check: async () => {}, otherwise: "failed", ...part })),
    warnings: [],
    ...(listConcerns === undefined ? {} : { listConcerns }),
    log,
    now: () => clock.nowMs,
    limitMs,
  });
  return { readiness, clock, lines };
}

test("those who ask at the same time share one look, which serves for three seconds", async () => {
  let looks = 0;
  const check = async () => void looks++;
  const { readiness, clock } = readinessOf([{ check }]);
  await Promise.all([readiness.check(), readiness.check()]);
  clock.nowMs = 2_999;
  await readiness.check();
  expect(looks).toBe(1);
  clock.nowMs = 3_000;
  await readiness.check();
  expect(looks).toBe(2);
});

test("a part that fails makes the service unready, one that may be missing does not", async () => {
  const check = async () => {
    throw new Error("away");
  };
  const { readiness } = readinessOf([{ name: "hub", check, otherwise: "degraded" }, { name: "store" }]);
  expect(await readiness.check()).toEqual({ status: "ready", parts: { hub: "degraded", store: "ok" }, warnings: [] });
  const { readiness: other } = readinessOf([{ name: "store", check }]);
  expect(await other.check()).toEqual({ status: "not_ready", parts: { store: "failed" }, warnings: [] });
});

test("a part that hangs is given up, told so, and not asked again until it has answered", async () => {
  const answer = Promise.withResolvers<void>();
  let asked = 0;
  let signal: AbortSignal | undefined;
  const check = (given: AbortSignal) => {
    asked += 1;
    signal = given;
    return answer.promise;
  };
  const { readiness, clock } = readinessOf([{ check }], 20);
  const states = [];
  for (; clock.nowMs < 9_000; clock.nowMs += 3_000) states.push((await readiness.check()).status);
  expect([states, asked, signal?.aborted]).toEqual([["not_ready", "not_ready", "not_ready"], 1, true]);
  answer.resolve();
  await Bun.sleep(0);
  expect([(await readiness.check()).status, asked]).toEqual(["ready", 2]);
});

test("a change is logged once, with its reason, and the report has none", async () => {
  let error: Error | undefined = new AppError("database", "The database is not available", {
    operatorDetail: "PostgreSQL at secret.internal: no",
  });
  const check = async () => {
    if (error !== undefined) throw error;
  };
  const { readiness, clock, lines } = readinessOf([{ name: "database", check }]);
  for (; clock.nowMs < 9_000; clock.nowMs += 3_000) {
    expect(JSON.stringify(await readiness.check())).not.toContain("secret.internal");
  }
  error = undefined;
  await readiness.check();
  expect(lines.map(({ event, fields }) => [event, fields.reason])).toEqual([
    ["readiness.lost", "PostgreSQL at secret.internal: no"],
    ["readiness.recovered", undefined],
  ]);
});

test("what works but should not stay so is told while it lasts, and logged when it begins", async () => {
  let concerns = ["The disk is nearly full."];
  const { readiness, clock, lines } = readinessOf([{}], 1_000, async () => concerns);
  const warnings = [];
  for (; clock.nowMs < 9_000; clock.nowMs += 3_000) {
    if (clock.nowMs === 6_000) concerns = [];
    const report = await readiness.check();
    expect(report.status).toBe("ready");
    warnings.push(report.warnings);
  }
  expect(warnings).toEqual([["The disk is nearly full."], ["The disk is nearly full."], []]);
  expect(lines.map(({ event }) => event)).toEqual(["readiness.concern"]);
});

test("a look at them that fails or hangs holds nobody up", async () => {
  const { readiness } = readinessOf([{}], 20, () => new Promise(() => {}));
  expect(await readiness.check()).toEqual({ status: "ready", parts: { part: "ok" }, warnings: [] });
  const { readiness: other } = readinessOf([{}], 20, () => Promise.reject(new Error("no")));
  expect(await other.check()).toEqual({ status: "ready", parts: { part: "ok" }, warnings: [] });
});

test("a service that stops is not ready, whatever its parts do", async () => {
  const { readiness } = readinessOf([{}]);
  await readiness.check();
  readiness.stop();
  expect((await readiness.check()).status).toBe("stopping");
});
