import { expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { nameTaken } from "../../src/hub/files.ts";
import { createRecordOutcome } from "../../src/submissions/record-outcome.ts";
import { createRollback } from "../../src/submissions/rollback.ts";
import { createWaitingClients } from "../../src/submissions/waiting-clients.ts";
import { hubAway, memoryObjects } from "../results/fakes.ts";
import { createTestLog } from "../support/log.ts";
import { openMemoryStore } from "./memory-store.ts";
import { newSubmission } from "./new-submission.ts";

const lease = { holder: "me", leaseMs: 60_000 };
const nowMs = Date.now();

async function createSubject() {
  const store = await openMemoryStore(() => nowMs);
  const objects = memoryObjects();
  const { log, lines } = createTestLog();
  const clients = createWaitingClients(60_000);
  const rollback = createRollback({ store, objects, log });
  const retryMaxMs = 60_000;
  const parts = { store, objects, clients, rollback, lease, retryMaxMs, random: () => 0, log };
  return {
    store,
    clients,
    lines,
    recordOutcome: createRecordOutcome(parts),
    async hold(filename = "x") {
      const added = newSubmission({ filename, analysisId: crypto.randomUUID() });
      await store.add(added, lease);
      return { ...added, attempts: 1 };
    },
  };
}

test("a postponed final answers the clients of its own analysis, and lets those of others wait", async () => {
  const { clients, hold, recordOutcome } = await createSubject();
  const submission = await hold();
  const [own, behind] = [
    clients.wait(submission.id, submission.analysisId),
    clients.wait("behind", submission.analysisId),
  ];
  void clients.wait("other", crypto.randomUUID());
  await recordOutcome(submission, { kind: "later", error: hubAway });
  expect(await Promise.all([own, behind])).toEqual(["queued", "queued"]);
  expect(clients.isWaiting("other")).toBe(true);
  clients.dismiss();
});

test("a Hub that says how long to wait is not asked before, also when another delivery wakes the queue", async () => {
  const { store, hold, recordOutcome } = await createSubject();
  const [submission, other] = [await hold(), await hold()];
  const upstream = { status: 503, retryAfterMs: 600_000 };
  const error = new AppError("hub_unexpected", "Hub returned an unexpected response (503)", { upstream });
  await recordOutcome(submission, { kind: "later", error });
  await recordOutcome(other, { kind: "delivered" });
  expect((await store.find(submission.id))?.nextAttemptAt.getTime()).toBe(nowMs + 600_000);
  expect(await store.claim(lease)).toBeUndefined();
});

test("no line of the log names a client's file, however its delivery ends", async () => {
  for (const isWaiting of [true, false]) {
    const { clients, lines, hold, recordOutcome } = await createSubject();
    const named = nameTaken("patients-of-ward-7.csv");
    const lasting = new AppError("not_found", named.message, { loggedAs: named.loggedAs });
    for (const outcome of [
      { kind: "no", error: named },
      { kind: "no", error: lasting },
      { kind: "later", error: named },
      { kind: "delivered" },
    ] as const) {
      const submission = await hold("patients-of-ward-7.csv");
      const answer = isWaiting ? clients.wait(submission.id, submission.analysisId).catch(() => {}) : undefined;
      await recordOutcome(submission, outcome);
      await answer;
    }
    expect(lines.length).toBeGreaterThan(2);
    expect(JSON.stringify(lines)).not.toContain("ward-7");
  }
});
