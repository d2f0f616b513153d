import { expect, test } from "bun:test";
import type { Deliver } from "../../src/submissions/deliver.ts";
import { createDispatcher } from "../../src/submissions/dispatcher.ts";
import { createSubmissionQueue } from "../../src/submissions/queue.ts";
import { createRecordOutcome } from "../../src/submissions/record-outcome.ts";
import { createRollback } from "../../src/submissions/rollback.ts";
import type { SubmissionStore } from "../../src/submissions/store/submission-store.ts";
import { createWaitingClients } from "../../src/submissions/waiting-clients.ts";
import { hubAway, memoryObjects, newSha256 } from "../results/fakes.ts";
import { createTestLog } from "../support/log.ts";
import { openMemoryStore } from "./memory-store.ts";

const analysisId = "20000000-0000-4000-8000-000000000001";
const never: Deliver = () => new Promise(() => {});

async function createSubject(deliver: Deliver, part: Partial<SubmissionStore> = {}) {
  const store = { ...(await openMemoryStore()), ...part };
  const objects = memoryObjects();
  const { log } = createTestLog();
  const lease = { holder: "me", leaseMs: 60_000 };
  const clients = createWaitingClients(60_000);
  const rollback = createRollback({ store, objects, log });
  const recordOutcome = createRecordOutcome({
    store,
    objects,
    clients,
    rollback,
    lease,
    retryMaxMs: 60_000,
    random: () => 0,
    log,
  });
  const dispatcher = createDispatcher({
    store,
    deliver,
    recordOutcome,
    clients,
    lease,
    longestDelays: { ownMs: 60_000, fixedMs: 60_000 },
    isRollingBack: rollback.isRollingBack,
    endingMs: 1,
    log,
  });
  const newId = () => crypto.randomUUID();
  const queue = createSubmissionQueue({
    store,
    objects,
    dispatcher,
    clients,
    rollback,
    lease,
    newId,
    newHash: newSha256,
  });
  const submit = (projectId?: string) =>
    queue.submit({ analysisId, projectId, filename: "x", contentType: "text/plain", body: new Blob(["x"]).stream() });
  return { store, objects, dispatcher, queue, submit };
}

test("while the queue is drained nobody waits: whoever comes is told that it is queued", async () => {
  const { queue, submit } = await createSubject(never);
  const before = submit();
  queue.drain();
  expect((await before).verdict).toBe("queued");
  expect((await submit()).verdict).toBe("queued");
});

test("what is under way at a stop is given back, for the next process to begin with at once", async () => {
  const { store, dispatcher, queue, submit } = await createSubject(never);
  const submitted = submit();
  await Bun.sleep(0);
  queue.drain();
  const { submissionId } = await submitted;
  expect(await store.find(submissionId)).toMatchObject({ state: "delivering" });
  await dispatcher.stop(1);
  expect(await store.find(submissionId)).toMatchObject({ state: "queued", lastError: undefined });
  expect(await store.claim({ holder: "next", leaseMs: 60_000 })).toMatchObject({ id: submissionId, attempts: 2 });
});

const bucketMissing = {
  code: "not_found",
  message: `Result bucket for analysis with ID ${analysisId} was not found`,
};

test("a final whose project is removed before it has its row is refused, and its file goes", async () => {
  const { objects, submit } = await createSubject(never, { add: async () => "removed" });
  await expect(submit(crypto.randomUUID())).rejects.toMatchObject(bucketMissing);
  expect(objects.keys()).toEqual([]);
});

test("a final whose project is removed while its client waits is not promised", async () => {
  const { store, submit } = await createSubject(async ({ id }) => {
    await store.remove(id);
    return { kind: "later", error: hubAway };
  });
  await expect(submit()).rejects.toMatchObject(bucketMissing);
});

test("a database that cannot tell whether a final is still there keeps what was promised", async () => {
  const away = async () => {
    throw hubAway;
  };
  const { submit } = await createSubject(async () => ({ kind: "later", error: hubAway }), { find: away });
  expect((await submit()).verdict).toBe("queued");
});
