import type { Hub } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { ContentHash } from "../streams/content-hash.ts";
import { createDeliver } from "./deliver.ts";
import { createDispatcher } from "./dispatcher.ts";
import { createSubmissionQueue, type SubmissionQueue } from "./queue.ts";
import { createRecordOutcome } from "./record-outcome.ts";
import { longestFixedMs } from "./retry-delay.ts";
import { createRollback } from "./rollback.ts";
import type { SubmissionStore } from "./store/submission-store.ts";
import { createWaitingClients } from "./waiting-clients.ts";

export interface OpenQueueOptions {
  readonly store: SubmissionStore;
  readonly objects: ObjectStore;
  readonly hub: Hub;
  /** How long a client waits for the delivery. */
  readonly waitMs: number;
  readonly retryMaxMs: number;
  readonly newId: () => string;
  readonly newHash: () => ContentHash;
  readonly random: () => number;
  readonly log: Log;
}

/** A lease is renewed every third of this time. A submission whose process was killed rests this long. */
const leaseMs = 15_000;

/** Puts the parts of the queue together; nothing runs before `start`. */
export function openQueue(options: OpenQueueOptions): SubmissionQueue {
  const { store, objects, hub, waitMs, retryMaxMs, newId, newHash, random, log } = options;
  const lease = { holder: newId(), leaseMs };
  const longestDelays = { ownMs: retryMaxMs, fixedMs: longestFixedMs };
  const clients = createWaitingClients(waitMs);
  const rollback = createRollback({ store, objects, log });
  const deliver = createDeliver({ hub, objects, newHash, log });
  const recordOutcome = createRecordOutcome({ store, objects, clients, rollback, lease, retryMaxMs, random, log });
  const dispatcher = createDispatcher({
    store,
    deliver,
    recordOutcome,
    clients,
    lease,
    longestDelays,
    isRollingBack: rollback.isRollingBack,
    log,
  });
  return createSubmissionQueue({ store, objects, dispatcher, clients, rollback, lease, newId, newHash });
}
