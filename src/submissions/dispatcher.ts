import { AppError, reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { within } from "../time/deadline.ts";
import { createWakeUp } from "../time/wake-up.ts";
import type { Deliver } from "./deliver.ts";
import type { RecordOutcome } from "./record-outcome.ts";
import type { HeldSubmission, Lease, LongestDelays, SubmissionStore } from "./store/submission-store.ts";
import type { WaitingClients } from "./waiting-clients.ts";

/** Delivers submissions: those handed to it, and in the background all that are due. */
export interface Dispatcher {
  /** Starts to deliver what is due, in the background. */
  run(): void;
  /** Delivers a submission whose lease this process already holds. */
  start(submission: HeldSubmission): void;
  /** Looks for what is due now instead of within a second. */
  look(): void;
  /** Gives running deliveries this time to finish. Then ends them, and releases their leases for another process to take. */
  stop(graceMs: number): Promise<void>;
}

export interface DispatcherDeps {
  readonly store: SubmissionStore;
  readonly deliver: Deliver;
  readonly recordOutcome: RecordOutcome;
  readonly clients: WaitingClients;
  readonly lease: Lease;
  readonly longestDelays: LongestDelays;
  readonly isRollingBack: (id: string) => boolean;
  /** How long uploads may take to end properly once they are aborted. Default: 3 s. */
  readonly endingMs?: number;
  readonly log: Log;
}

const lookEveryMs = 1_000;
const maxInBackground = 4;

export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const { store, deliver, recordOutcome, clients, lease, longestDelays, isRollingBack, endingMs = 3_000, log } = deps;
  const wakeUp = createWakeUp();
  const stopping = new AbortController();
  const running = new Map<string, Promise<void>>();
  const inBackground = new Set<string>();
  let isStopping = false;
  let looking: Promise<void> | undefined;

  async function deliverOne(submission: HeldSubmission): Promise<void> {
    const { id } = submission;
    const renewal = setInterval(() => {
      store
        .renew(id, lease)
        .catch((error) => log.warn("final.lease.unrenewed", { objectId: id, reason: reasonOf(error) }));
    }, lease.leaseMs / 3);
    try {
      const options = { mayRename: !clients.isWaiting(id), signal: stopping.signal };
      await recordOutcome(submission, await deliver(submission, options));
    } finally {
      clearInterval(renewal);
      running.delete(id);
      inBackground.delete(id);
      wakeUp.wake();
    }
  }

  function start(submission: HeldSubmission): void {
    running.set(submission.id, deliverOne(submission));
  }

  async function startWhatIsDue(): Promise<void> {
    while (!isStopping && inBackground.size < maxInBackground) {
      const submission = await store.claim(lease, longestDelays);
      if (submission === undefined) return;
      // Its client was told that it failed. The row will be removed as soon as the database allows it.
      if (isRollingBack(submission.id)) continue;
      inBackground.add(submission.id);
      start(submission);
    }
  }

  /** One loop for all background work, so that no request's id gets into the log lines of others. */
  async function look(): Promise<void> {
    let isStalled = false;
    while (!isStopping) {
      try {
        await startWhatIsDue();
        if (isStalled) log.info("submissions.resumed");
        isStalled = false;
      } catch (error) {
        if (!isStalled) log.warn("submissions.stalled", { reason: reasonOf(error) });
        isStalled = true;
      }
      await wakeUp.wait(lookEveryMs);
    }
  }

  return {
    start,
    look: wakeUp.wake,
    run() {
      looking = look();
    },
    async stop(graceMs) {
      isStopping = true;
      wakeUp.wake();
      await looking;
      await within(Promise.all(running.values()), graceMs);
      stopping.abort(new AppError("shutting_down", "The service is stopping"));
      await within(Promise.all(running.values()), endingMs);
      for (const id of running.keys()) {
        await store.postpone(id, lease.holder, { delayMs: 0, isFixed: false, reason: undefined }).catch(() => {});
      }
    },
  };
}
