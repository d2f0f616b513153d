import { AppError, traceOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { Outcome } from "./deliver.ts";
import { retryDelay } from "./retry-delay.ts";
import type { Rollback } from "./rollback.ts";
import { type HeldSubmission, type Lease, type SubmissionStore, submissionKey } from "./store/submission-store.ts";
import type { WaitingClients } from "./waiting-clients.ts";

export interface RecordOutcomeDeps {
  readonly store: SubmissionStore;
  readonly objects: Pick<ObjectStore, "remove">;
  readonly clients: WaitingClients;
  readonly rollback: Rollback;
  readonly lease: Lease;
  readonly retryMaxMs: number;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly log: Log;
}

/**
 * Stores the outcome of an attempt, ends its lease and answers the waiting client. Never throws: if the outcome cannot
 * be stored now, the process that takes over the lease finds it out again.
 */
export type RecordOutcome = (submission: HeldSubmission, outcome: Outcome) => Promise<void>;

export function createRecordOutcome(deps: RecordOutcomeDeps): RecordOutcome {
  const { store, log } = deps;
  let isTroubled = false;

  return async (submission, outcome) => {
    const { id } = submission;
    try {
      if (outcome.kind === "later") return await postpone(deps, submission, outcome.error);
      if (outcome.kind === "delivered") await conclude(deps, submission);
      else await refuse(deps, submission, outcome.error);
      // The Hub responds again, so waiting submissions need not wait any longer.
      if (isTroubled) log.info("submissions.woken", { woken: await store.wake() });
      isTroubled = false;
    } catch (error) {
      log.warn("final.unsettled", { objectId: id, reason: describe(error) });
    } finally {
      isTroubled ||= outcome.kind === "later";
    }
  };
}

async function conclude(deps: RecordOutcomeDeps, submission: HeldSubmission) {
  const { store, objects, clients, rollback, lease, log } = deps;
  const { id, analysisId, sizeBytes: bytes, attempts } = submission;
  try {
    // If another process holds the lease now, it needs the file and will find out the same. The row may also be marked
    // already: by this process, when the database's response was lost.
    const isMarked = await store.markDelivered(id, lease.holder);
    if (!isMarked && (await store.find(id))?.state !== "delivered") return;
    log.info("final.delivered", { analysisId, objectId: id, bytes, attempts, outcome: "ok" });
  } catch (error) {
    rollback.clearIfDelivered(id);
    throw error;
  } finally {
    // Whatever the database says: the Hub has it.
    clients.answer(id, "delivered");
  }
  await objects.remove(submissionKey(id)).catch(() => rollback.clearLater(id));
}

async function postpone(deps: RecordOutcomeDeps, submission: HeldSubmission, error: unknown): Promise<void> {
  const { store, clients, lease, retryMaxMs, random, log } = deps;
  const { id, analysisId, attempts } = submission;
  const isStopping = error instanceof AppError && error.code === "shutting_down";
  const retryAfterMs = error instanceof AppError ? error.upstream?.retryAfterMs : undefined;
  const { delayMs, isFixed } = isStopping
    ? { delayMs: 0, isFixed: false }
    : retryDelay(attempts, retryAfterMs, retryMaxMs, random);
  const fields = { analysisId, objectId: id, attempts, retryInMs: Math.round(delayMs), reason: describe(error) };
  // An unforeseen error is a bug, but no reason to lose a result.
  if (error instanceof AppError) log[isStopping ? "info" : "warn"]("final.retried", fields);
  else log.error("final.retried", fields);
  try {
    const reason = error instanceof AppError ? error.message : "Internal error";
    await store.postpone(id, lease.holder, { delayMs, isFixed, reason: isStopping ? undefined : reason });
  } finally {
    // The submissions behind it in its analysis' queue must wait too.
    clients.dismiss(analysisId);
  }
}

async function refuse(deps: RecordOutcomeDeps, submission: HeldSubmission, error: AppError): Promise<void> {
  const { store, clients, rollback, lease, log } = deps;
  const { id, analysisId, sizeBytes: bytes, attempts } = submission;
  // If another process holds the lease now, it may be about to send the file.
  if (!(await store.renew(id, lease))) return clients.answer(id, "queued");
  const client = clients.take(id);
  if (client !== undefined) {
    await rollback.rollBack(id, "rejected");
    log.info("final.rejected", { analysisId, objectId: id, bytes, attempts, code: error.code, outcome: "failed" });
    return client.refuse(error);
  }
  // The client was promised a delivery meanwhile, so the next attempt may choose another name.
  if (error.code === "conflict") {
    await store.postpone(id, lease.holder, { delayMs: 0, isFixed: false, reason: error.message });
    return;
  }
  // The file stays: an operator may be able to solve the problem.
  await store.markRejected(id, lease.holder, error.message);
  const reason = describe(error);
  log.warn("final.rejected", {
    analysisId,
    objectId: id,
    bytes,
    attempts,
    code: error.code,
    reason,
    outcome: "failed",
  });
}

function describe(error: unknown): string {
  if (error instanceof AppError) return error.operatorDetail ?? error.loggedAs;
  return traceOf(error);
}
