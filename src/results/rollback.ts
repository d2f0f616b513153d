import type { Catalog } from "../catalog/catalog.ts";
import type { DigestStore } from "../digests/digest-store.ts";
import { AppError, reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { createRetryQueue, type Work } from "../time/retry-queue.ts";

export interface StoredObject {
  readonly key: string;
  readonly clientId: string;
  readonly projectId: string;
  readonly objectId: string;
}

/** Removes what a failed upload has already stored. */
export interface Rollback {
  /**
   * Removes what an upload stored before it failed for the given reason. If the reason leaves open whether its tag was
   * written, a background task asks the catalog before it removes anything. While the store is unreachable, the removal
   * is repeated until it succeeds. Never throws, and always resolves after a short time.
   */
  removeUnlessTagged(object: StoredObject, reason: unknown): Promise<void>;
  /** Tries the remaining removals once more, then gives up on them. Call it when the service stops. */
  close(): Promise<void>;
}

export interface RollbackDeps {
  readonly objects: Pick<ObjectStore, "discard">;
  readonly catalog: Pick<Catalog, "findFilename">;
  /** Set if this node keeps the hashes of stored files. */
  readonly digests?: Pick<DigestStore, "remove"> | undefined;
  readonly log: Log;
  readonly retryMs?: number;
  /** How long the catalog must report that there is no such tag, before the object is removed. */
  readonly settleMs?: number;
}

/** How long a client may have to wait for its error because of this. */
const limitMs = 2_000;

export function createRollback(deps: RollbackDeps): Rollback {
  const { objects, catalog, digests, log, retryMs = 1_000, settleMs = 5_000 } = deps;
  const retries = createRetryQueue({
    retryMs,
    onDelayed: (key, error) => log.warn("result.rollback.delayed", { key, reason: reasonOf(error) }),
  });

  async function discard({ key, projectId, objectId }: StoredObject): Promise<"done"> {
    await objects.discard(key);
    await digests?.remove(projectId, objectId);
    return "done";
  }

  /**
   * Does not trust the first look: a statement sent on a lost connection may still reach the database after other
   * connections work again.
   */
  function discardUnlessTagged(object: StoredObject): Work {
    const { clientId, objectId } = object;
    let untaggedSince: number | undefined;
    return async (isLastChance) => {
      if ((await catalog.findFilename(clientId, objectId)) !== undefined) return "done";
      const now = performance.now();
      untaggedSince ??= now;
      return isLastChance || now - untaggedSince >= settleMs ? discard(object) : "later";
    };
  }

  return {
    async removeUnlessTagged(object, reason) {
      const { key } = object;
      const isOpen = reason instanceof AppError && reason.uncertain;
      if (isOpen) retries.add(key, discardUnlessTagged(object));
      else await retries.run(key, () => discard(object), limitMs);
    },
    async close() {
      for (const key of await retries.close()) log.error("result.rollback.abandoned", { key });
    },
  };
}
