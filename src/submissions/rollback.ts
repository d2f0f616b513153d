import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { within } from "../time/deadline.ts";
import { type SubmissionStore, submissionKey } from "./store/submission-store.ts";

/** Takes back submissions of which the client is told that they have failed. */
export interface Discard {
  /**
   * Removes row and file. What cannot be done now, because the database or the store is away, is tried again in the
   * background until it succeeds; this never throws, and resolves after a short time in any case.
   */
  discard(id: string): Promise<void>;
  /** Whether a submission waits to be taken back, so that nobody may deliver it. */
  isTakingBack(id: string): boolean;
  /** Removes a file, or what an upload to the store has left that failed because the store did, in the background. */
  clearLater(id: string): void;
  /** Removes the file in the background if its delivery, of which the database has not said so, is on record all the same. */
  clearIfDelivered(id: string): void;
  /** Tries once more what is left over, then leaves it to the reconciler; to be called when the service stops. */
  close(): Promise<void>;
}

export interface DiscardDeps {
  readonly store: Pick<SubmissionStore, "remove" | "find">;
  readonly objects: Pick<ObjectStore, "remove" | "discard">;
  readonly log: Log;
  readonly retryMs?: number;
}

/** How long a client may have to wait for its error because of this. */
const answerMs = 2_000;

export function createDiscard({ store, objects, log, retryMs = 1_000 }: DiscardDeps): Discard {
  const waiting = new Map<string, () => Promise<void>>();
  const takingBack = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;

  /** The row first: without it nothing is delivered, and a file without a row is found by the reconciler. */
  async function remove(id: string): Promise<void> {
    await store.remove(id);
    takingBack.delete(id);
    await objects.remove(submissionKey(id));
  }

  /** Tells whether it succeeded. What fails goes behind the others. */
  async function attempt(id: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      waiting.delete(id);
      return true;
    } catch (error) {
      waiting.delete(id);
      waiting.set(id, work);
      log.warn("final.discard.delayed", { objectId: id, reason: String(error) });
      return false;
    }
  }

  /** Up to the first failure, for a store or a database that is away fails all of them, each after its time. */
  async function attemptAll(): Promise<void> {
    for (const [id, work] of [...waiting]) if (!(await attempt(id, work))) return;
  }

  function retryLater(): void {
    if (timer !== undefined || waiting.size === 0 || isClosed) return;
    timer = setTimeout(async () => {
      await attemptAll();
      timer = undefined;
      retryLater();
    }, retryMs);
  }

  return {
    async discard(id) {
      const work = () => remove(id);
      takingBack.add(id);
      waiting.set(id, work);
      await within(attempt(id, work).then(retryLater), answerMs);
    },
    isTakingBack: (id) => takingBack.has(id),
    clearLater(id) {
      waiting.set(id, () => objects.discard(submissionKey(id)));
      retryLater();
    },
    clearIfDelivered(id) {
      waiting.set(id, async () => {
        // Otherwise it is delivered again, and the file removed then.
        if ((await store.find(id))?.state === "delivered") await objects.remove(submissionKey(id));
      });
      retryLater();
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await Promise.all([...waiting].map(([id, work]) => attempt(id, work)));
    },
  };
}
