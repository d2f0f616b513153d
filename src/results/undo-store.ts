import type { Catalog } from "../catalog/catalog.ts";
import { AppError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";

export interface Untagged {
  readonly key: string;
  readonly clientId: string;
  readonly objectId: string;
}

/** Takes back what an upload that failed has already stored. */
export interface UndoStore {
  /**
   * Removes what is stored of an upload that failed for the given reason. If the reason leaves open whether its tag was
   * written, the catalog decides. What cannot be done now, because the store or the database is away, is tried again in
   * the background until it succeeds; this never throws.
   */
  removeUnlessTagged(object: Untagged, reason: unknown): Promise<void>;
  /** Removes, in the background, what an upload has left that failed because the store did. */
  removeLater(key: string): void;
  /** Tries once more what is left over, then gives up on it; to be called when the service stops. */
  close(): Promise<void>;
}

export interface UndoStoreDeps {
  readonly objects: Pick<ObjectStore, "discard">;
  readonly catalog: Pick<Catalog, "findFilename">;
  readonly log: Log;
  readonly retryMs?: number;
}

export function createUndoStore({ objects, catalog, log, retryMs = 1_000 }: UndoStoreDeps): UndoStore {
  const waiting = new Map<string, () => Promise<void>>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function run(key: string, undo: () => Promise<void>): Promise<void> {
    try {
      await undo();
      waiting.delete(key);
    } catch (error) {
      waiting.set(key, undo);
      log.warn("result.undo.delayed", { key, reason: String(error) });
    }
  }

  async function runAll(): Promise<void> {
    for (const [key, undo] of [...waiting]) await run(key, undo);
  }

  function retryLater(): void {
    if (timer !== undefined || waiting.size === 0) return;
    timer = setTimeout(async () => {
      await runAll();
      timer = undefined;
      retryLater();
    }, retryMs);
  }

  return {
    async removeUnlessTagged({ key, clientId, objectId }, reason) {
      const askCatalog = reason instanceof AppError && reason.uncertain;
      await run(key, async () => {
        if (askCatalog && (await catalog.findFilename(clientId, objectId)) !== undefined) return;
        await objects.discard(key);
      });
      retryLater();
    },
    removeLater(key) {
      waiting.set(key, () => objects.discard(key));
      retryLater();
    },
    async close() {
      clearTimeout(timer);
      await runAll();
      for (const key of waiting.keys()) log.error("result.undo.abandoned", { key });
    },
  };
}
