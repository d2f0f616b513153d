import { AppError } from "../errors.ts";
import { bucketMissing } from "../hub/files.ts";
import type { Attempt } from "../idempotency/attempt.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { type ContentFacts, type ContentHash, type HashedStream, hashed } from "../streams/content-hash.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { poll } from "./poll.ts";
import type { Rollback } from "./rollback.ts";
import {
  type Lease,
  type NewSubmission,
  type Submission,
  type SubmissionStore,
  submissionKey,
} from "./store/submission-store.ts";
import type { Verdict, WaitingClients } from "./waiting-clients.ts";

export interface NewFinal {
  readonly analysisId: string;
  /** Set if the Hub could tell. The submission is removed with its project. */
  readonly projectId?: string | undefined;
  readonly filename: string;
  readonly contentType: string;
  /** An upper bound for the size, where known. */
  readonly maxBytes?: number | undefined;
  readonly body: ReadableStream<Uint8Array>;
  /** Set if the body can be hashed by whoever makes it: see `Upload.measure`. */
  readonly measure?: (() => () => ContentFacts) | undefined;
  /** Whether operators must approve it before anything of it is sent to the Hub. */
  readonly isHeld?: boolean;
  /** Set where the same final may be submitted again. */
  readonly attempt?: Attempt | undefined;
  /** Called when the file is stored. */
  readonly kept?: () => void;
}

export interface Submitted {
  readonly submissionId: string;
  readonly sizeBytes: number;
  /**
   * `queued`: this node has stored it and will deliver it. `held`: this node has stored it, and operators must decide
   * on it.
   */
  readonly verdict: Verdict | "held";
}

/**
 * The queue of finals. A final is durable on this node once `submit` resolves, and is delivered to the Hub exactly
 * once.
 */
export interface SubmissionQueue {
  /**
   * Stores the file, then tries to deliver it while the client waits, for as long as the settings say. Throws and keeps
   * nothing if the Hub refuses the file for good meanwhile, if storing fails or if the body fails. Throws `not_found`
   * if the project is removed from this node meanwhile, because it then has no bucket.
   */
  submit(final: NewFinal): Promise<Submitted>;
  find(submissionId: string): Promise<Submission | undefined>;
  /** Delivers what is due, from now on. */
  start(): void;
  /** Ends the waiting of clients: those whose final is not delivered yet get `queued`. */
  drain(): void;
  /** Gives running deliveries a short time to finish. The next process takes over the rest. */
  stop(): Promise<void>;
}

export interface SubmissionQueueDeps {
  readonly store: SubmissionStore;
  readonly objects: Pick<ObjectStore, "put">;
  readonly dispatcher: Dispatcher;
  readonly clients: WaitingClients;
  readonly rollback: Rollback;
  readonly lease: Lease;
  readonly newId: () => string;
  readonly newHash: () => ContentHash;
}

const graceMs = 5_000;

export function createSubmissionQueue(deps: SubmissionQueueDeps): SubmissionQueue {
  const { store, dispatcher, clients, rollback, lease, newId } = deps;
  let isDraining = false;

  /** Adds the row; removes the file if that fails. */
  async function enter<P extends string>(
    { id, analysisId }: NewSubmission,
    attempt: Attempt | undefined,
    add: () => Promise<P>,
  ) {
    await attempt?.confirm();
    const place = await add().catch(async (error: unknown) => {
      if (!((await attempt?.leaves(error)) ?? false)) await rollback.rollBack(id);
      throw error;
    });
    if (place !== "removed") return place as Exclude<P, "removed">;
    await rollback.rollBack(id);
    throw bucketMissing(analysisId);
  }

  async function handOver(submission: NewSubmission, attempt: Attempt | undefined): Promise<Verdict> {
    const { id, analysisId } = submission;
    const place = await enter(submission, attempt, () => store.add(submission, lease));
    const waiting = place === "blocked" || isDraining ? "queued" : clients.wait(id, analysisId);
    if (place === "first") dispatcher.start({ ...submission, attempts: 1 });
    else dispatcher.look();
    if (place === "behind") void poll(deps, id);
    const verdict = await waiting;
    if (verdict === "queued" && (await isGone(id))) throw bucketMissing(analysisId);
    return verdict;
  }

  /**
   * Whether the row was removed with its project meanwhile: then the client must not be promised a delivery. If the
   * database cannot tell, it still has the row that it was given.
   */
  function isGone(id: string): Promise<boolean> {
    return store.find(id).then(
      (found) => found === undefined,
      () => false,
    );
  }

  return {
    async submit(final) {
      const { attempt } = final;
      const id = attempt?.id ?? newId();
      const { sizeBytes, sha256 } = await storeFile(deps, id, final);
      final.kept?.();
      const { analysisId, projectId, filename, contentType } = final;
      const submission = { id, analysisId, projectId, filename, contentType, sizeBytes, sha256 };
      const verdict = final.isHeld
        ? await enter(submission, attempt, () => store.hold(submission))
        : await handOver(submission, attempt);
      return { submissionId: id, sizeBytes, verdict };
    },
    find: store.find,
    start: dispatcher.run,
    drain() {
      isDraining = true;
      clients.dismiss();
    },
    async stop() {
      isDraining = true;
      clients.dismiss();
      await dispatcher.stop(graceMs);
      await rollback.close();
    },
  };
}

async function storeFile({ objects, rollback, newHash }: SubmissionQueueDeps, id: string, final: NewFinal) {
  const { body, contentType, filename, maxBytes } = final;
  const content = final.measure === undefined ? hashed(body, newHash()) : measured(body, final.measure());
  const options = { contentType, filename, ...(maxBytes === undefined ? {} : { maxBytes }) };
  try {
    const sizeBytes = await objects.put(submissionKey(id), content.stream, options);
    return { sizeBytes, sha256: content.sha256() };
  } catch (error) {
    const isLeft = (await final.attempt?.leaves(error)) ?? false;
    if (error instanceof AppError && error.code === "object_store" && !isLeft) rollback.clearLater(id);
    throw error;
  }
}

function measured(stream: ReadableStream<Uint8Array>, facts: () => ContentFacts): HashedStream {
  return { stream, sha256: () => facts().sha256 };
}

/** Throws `not_found` unless there is such a submission, of this very analysis. */
export async function getSubmission(queue: Pick<SubmissionQueue, "find">, analysisId: string, id: string) {
  const found = await queue.find(id);
  if (found?.analysisId === analysisId) return found;
  throw new AppError("not_found", `Submission with ID ${id} does not exist`);
}
