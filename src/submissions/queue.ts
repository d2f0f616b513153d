import { AppError } from "../errors.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { type ContentHash, hashed } from "../streams/content-hash.ts";
import type { Courier } from "./dispatcher.ts";
import { follow } from "./poll.ts";
import type { Discard } from "./rollback.ts";
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
  readonly filename: string;
  readonly contentType: string;
  /** An upper bound for the size, where known. */
  readonly maxBytes?: number | undefined;
  readonly body: ReadableStream<Uint8Array>;
}

export interface Submitted {
  readonly submissionId: string;
  readonly sizeBytes: number;
  /** `queued`: it is safe here and on its way. */
  readonly verdict: Verdict;
}

/** Finals that are safe on this node the moment their submission resolves, and are delivered to the Hub exactly once. */
export interface SubmissionQueue {
  /**
   * Stores the file, then tries to deliver it while the client waits for as long as the settings say. If the Hub refuses it
   * for good meanwhile, if storing fails or the body does, that error is thrown and nothing is kept.
   */
  submit(final: NewFinal): Promise<Submitted>;
  find(submissionId: string): Promise<Submission | undefined>;
  /** Delivers what is due, from now on. */
  start(): void;
  /** Clients wait no longer: what is not delivered yet is answered `queued`. */
  hurry(): void;
  /** Lets running deliveries have a short time; what is not over then is left to whoever comes next. */
  stop(): Promise<void>;
}

export interface SubmissionQueueDeps {
  readonly store: SubmissionStore;
  readonly objects: Pick<ObjectStore, "put">;
  readonly courier: Courier;
  readonly clients: WaitingClients;
  readonly discard: Discard;
  readonly lease: Lease;
  readonly newId: () => string;
  readonly newHash: () => ContentHash;
}

const graceMs = 5_000;

export function createSubmissionQueue(deps: SubmissionQueueDeps): SubmissionQueue {
  const { store, courier, clients, discard, lease, newId } = deps;
  let isHurrying = false;

  async function handOver(submission: NewSubmission): Promise<Verdict> {
    const { id, analysisId } = submission;
    const place = await store.add(submission, lease).catch(async (error: unknown) => {
      await discard.discard(id);
      throw error;
    });
    const verdict = place === "blocked" || isHurrying ? "queued" : clients.wait(id, analysisId);
    if (place === "first") courier.carry({ ...submission, attempts: 1 });
    else courier.look();
    if (place === "behind") void follow(deps, id);
    return verdict;
  }

  return {
    async submit(final) {
      const id = newId();
      const { sizeBytes, sha256 } = await storeFile(deps, id, final);
      const { analysisId, filename, contentType } = final;
      const verdict = await handOver({ id, analysisId, filename, contentType, sizeBytes, sha256 });
      return { submissionId: id, sizeBytes, verdict };
    },
    find: store.find,
    start: courier.start,
    hurry() {
      isHurrying = true;
      clients.dismiss();
    },
    async stop() {
      isHurrying = true;
      clients.dismiss();
      await courier.stop(graceMs);
      await discard.close();
    },
  };
}

async function storeFile({ objects, discard, newHash }: SubmissionQueueDeps, id: string, final: NewFinal) {
  const { body, contentType, filename, maxBytes } = final;
  const content = hashed(body, newHash());
  const options = { contentType, filename, ...(maxBytes === undefined ? {} : { maxBytes }) };
  try {
    const sizeBytes = await objects.put(submissionKey(id), content.stream, options);
    return { sizeBytes, sha256: content.sha256() };
  } catch (error) {
    if (error instanceof AppError && error.code === "object_store") discard.clearLater(id);
    throw error;
  }
}

/** Throws `not_found` unless there is such a submission, of this very analysis. */
export async function getSubmission(queue: Pick<SubmissionQueue, "find">, analysisId: string, id: string) {
  const found = await queue.find(id);
  if (found?.analysisId === analysisId) return found;
  throw new AppError("not_found", `Submission with ID ${id} does not exist`);
}
