import type { Catalog } from "../catalog/catalog.ts";
import { AppError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { within } from "../time/deadline.ts";

export interface Untagged {
  readonly key: string;
  readonly clientId: string;
  readonly objectId: string;
}

/** Takes back what an upload that failed has already stored. */
export interface UndoStore {
  /**
   * Removes what is stored of an upload that failed for the given reason. If the reason leaves open whether its tag was
   * written, the catalog decides, in the background. So is tried again, until it succeeds, what cannot be done now because
   * the store is away; this never throws, and resolves after a short time in any case.
   */
  removeUnlessTagged(object: Untagged, reason: unknown): Promise<void>;
  /** Tries once more what is left over, then gives up on it; to be called when the service stops. */
  close(): Promise<void>;
}

export interface UndoStoreDeps {
  readonly objects: Pick<ObjectStore, "discard">;
  readonly catalog: Pick<Catalog, "findFilename">;
  readonly log: Log;
  readonly retryMs?: number;
  /** How long the catalog must go on saying that there is no such tag. */
  readonly settleMs?: number;
}

/** `later`: it is too early to tell. */
type Undo = (isLastChance: boolean) => Promise<"done" | "later">;

/** How long a client may have to wait for its error because of this. */
const answerMs = 2_000;

export function createUndoStore(deps: UndoStoreDeps): UndoStore {
  const { objects, catalog, log, retryMs = 1_000, settleMs = 5_000 } = deps;
  const waiting = new Map<string, Undo>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;

  /** Tells whether it came to an end. What fails goes behind the others. */
  async function run(key: string, undo: Undo, isLastChance = false): Promise<boolean> {
    try {
      if ((await undo(isLastChance)) === "done") waiting.delete(key);
      return true;
    } catch (error) {
      waiting.delete(key);
      waiting.set(key, undo);
      log.warn("result.undo.delayed", { key, reason: String(error) });
      return false;
    }
  }

  /** Up to the first failure, for a store or a database that is away fails all of them, each after its time. */
  async function runAll(): Promise<void> {
    for (const [key, undo] of [...waiting]) if (!(await run(key, undo))) return;
  }

  function retryLater(): void {
    if (timer !== undefined || waiting.size === 0 || isClosed) return;
    timer = setTimeout(async () => {
      await runAll();
      timer = undefined;
      retryLater();
    }, retryMs);
  }

  async function discard(key: string): Promise<"done"> {
    await objects.discard(key);
    return "done";
  }

  /** A statement on a lost connection may still be on its way when the database can be reached again by another one. */
  function discardUnlessTagged({ key, clientId, objectId }: Untagged): Undo {
    let untaggedSince: number | undefined;
    return async (isLastChance) => {
      if ((await catalog.findFilename(clientId, objectId)) !== undefined) return "done";
      const now = performance.now();
      untaggedSince ??= now;
      return isLastChance || now - untaggedSince >= settleMs ? discard(key) : "later";
    };
  }

  return {
    async removeUnlessTagged(object, reason) {
      const { key } = object;
      const isOpen = reason instanceof AppError && reason.uncertain;
      const undo = isOpen ? discardUnlessTagged(object) : () => discard(key);
      waiting.set(key, undo);
      if (isOpen) retryLater();
      else await within(run(key, undo).then(retryLater), answerMs);
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await Promise.all([...waiting].map(([key, undo]) => run(key, undo, true)));
      for (const key of waiting.keys()) log.error("result.undo.abandoned", { key });
    },
  };
}
