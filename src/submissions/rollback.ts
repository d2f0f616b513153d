import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { createRetryQueue } from "../time/retry-queue.ts";
import { type SubmissionStore, submissionKey } from "./store/submission-store.ts";

/** Takes back submissions that have failed for their clients. */
export interface Rollback {
  /**
   * Removes row and file. What cannot be done now, because the database or the store is away, is tried again in the
   * background until it succeeds. Never throws, and resolves after a short time in any case.
   */
  rollBack(id: string, because?: "rejected" | "failed"): Promise<void>;
  /** Whether a submission waits to be taken back, so that nobody may deliver it. */
  isRollingBack(id: string): boolean;
  /** Removes a file, or what an upload to the store has left that failed because the store did, in the background. */
  clearLater(id: string): void;
  /** Removes the file in the background if its delivery is on record, although the database has not said so. */
  clearIfDelivered(id: string): void;
  /** Tries once more what is left over, then leaves it to the reconciler. To be called when the service stops. */
  close(): Promise<void>;
}

export interface RollbackDeps {
  readonly store: Pick<SubmissionStore, "remove" | "find">;
  readonly objects: Pick<ObjectStore, "remove" | "discard">;
  readonly log: Log;
  readonly retryMs?: number;
}

/** How long a client may have to wait for its error because of this. */
const limitMs = 2_000;

export function createRollback({ store, objects, log, retryMs = 1_000 }: RollbackDeps): Rollback {
  const rollingBack = new Set<string>();
  const retries = createRetryQueue({
    retryMs,
    onDelayed: (id, error) => log.warn("final.rollback.delayed", { objectId: id, reason: reasonOf(error) }),
  });

  return {
    async rollBack(id, because = "failed") {
      rollingBack.add(id);
      // The row first: without it nothing is delivered, and the reconciler finds a file without a row.
      await retries.run(
        id,
        async () => {
          await store.remove(id, because);
          rollingBack.delete(id);
          await objects.remove(submissionKey(id));
          return "done";
        },
        limitMs,
      );
    },
    isRollingBack: (id) => rollingBack.has(id),
    clearLater(id) {
      retries.add(id, async () => {
        await objects.discard(submissionKey(id));
        return "done";
      });
    },
    clearIfDelivered(id) {
      retries.add(id, async () => {
        // Otherwise it is delivered again, and the file is removed then.
        if ((await store.find(id))?.state === "delivered") await objects.remove(submissionKey(id));
        return "done";
      });
    },
    async close() {
      await retries.close();
    },
  };
}
