import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { createRetryQueue } from "../time/retry-queue.ts";
import { type SubmissionStore, submissionKey } from "./store/submission-store.ts";

/** Removes submissions that failed for their clients. */
export interface Rollback {
  /**
   * Removes row and file. While the database or the store is unreachable, repeats this in the background until it
   * succeeds. Never throws, and always resolves after a short time.
   */
  rollBack(id: string, because?: "rejected" | "failed"): Promise<void>;
  /** Whether a submission waits for its removal, so that nobody may deliver it. */
  isRollingBack(id: string): boolean;
  /** Removes a file in the background, or what an upload left behind because the store failed. */
  clearLater(id: string): void;
  /** Removes the file in the background if the database has stored the delivery, although its response was lost. */
  clearIfDelivered(id: string): void;
  /** Tries the remaining removals once more, then leaves them to the reconciler. Call it when the service stops. */
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
      // The row first: without it nobody delivers the file, and the reconciler finds files without a row.
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
        // If it is not marked as delivered, it is delivered again, and the file is removed then.
        if ((await store.find(id))?.state === "delivered") await objects.remove(submissionKey(id));
        return "done";
      });
    },
    async close() {
      const reason = "the service stops before it could be removed";
      for (const id of await retries.close()) log.warn("final.rollback.abandoned", { objectId: id, reason });
    },
  };
}
