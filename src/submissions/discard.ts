import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { type SubmissionStore, submissionKey } from "./submission-store.ts";

/** Takes back submissions of which the client is told that they have failed. */
export interface Discard {
  /**
   * Removes row and file. What cannot be done now, because the database or the store is away, is tried again in the
   * background until it succeeds; this never throws.
   */
  discard(id: string): Promise<void>;
  /** Removes, in the background, what an upload to the store has left that failed because the store did. */
  clearLater(id: string): void;
  /** Tries once more what is left over, then leaves it to the reconciler; to be called when the service stops. */
  close(): Promise<void>;
}

export interface DiscardDeps {
  readonly store: Pick<SubmissionStore, "remove">;
  readonly objects: Pick<ObjectStore, "remove" | "discard">;
  readonly log: Log;
  readonly retryMs?: number;
}

export function createDiscard({ store, objects, log, retryMs = 1_000 }: DiscardDeps): Discard {
  const waiting = new Map<string, () => Promise<void>>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** The row first: without it nothing is delivered, and a file without a row is found by the reconciler. */
  async function remove(id: string): Promise<void> {
    await store.remove(id);
    await objects.remove(submissionKey(id));
  }

  async function attempt(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      waiting.delete(id);
    } catch (error) {
      waiting.set(id, work);
      log.warn("final.discard.delayed", { objectId: id, reason: String(error) });
    }
  }

  async function attemptAll(): Promise<void> {
    for (const [id, work] of [...waiting]) await attempt(id, work);
  }

  function retryLater(): void {
    if (timer !== undefined || waiting.size === 0) return;
    timer = setTimeout(async () => {
      await attemptAll();
      timer = undefined;
      retryLater();
    }, retryMs);
  }

  return {
    async discard(id) {
      await attempt(id, () => remove(id));
      retryLater();
    },
    clearLater(id) {
      waiting.set(id, () => objects.discard(submissionKey(id)));
      retryLater();
    },
    async close() {
      clearTimeout(timer);
      await attemptAll();
    },
  };
}
