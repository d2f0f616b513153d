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

/** Takes back what an upload that failed has already stored. */
export interface Rollback {
  /**
   * Removes what is stored of an upload that failed for the given reason. If the reason leaves open whether its tag was
   * written, the catalog decides, in the background. What cannot be done now because the store is away is tried again until
   * it succeeds. Never throws, and resolves after a short time in any case.
   */
  removeUnlessTagged(object: StoredObject, reason: unknown): Promise<void>;
  /** Tries once more what is left over, then gives up on it. To be called when the service stops. */
  close(): Promise<void>;
}

export interface RollbackDeps {
  readonly objects: Pick<ObjectStore, "discard">;
  readonly catalog: Pick<Catalog, "findFilename">;
  /** Where stored files are known by their hashes. */
  readonly digests?: Pick<DigestStore, "remove"> | undefined;
  readonly log: Log;
  readonly retryMs?: number;
  /** How long the catalog must go on saying that there is no such tag. */
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

  /** A statement on a lost connection may still be on its way when another connection reaches the database again. */
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
