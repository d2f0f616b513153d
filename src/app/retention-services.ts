import { reasonOf } from "../errors.ts";
import type { HubFiles } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { Recorder } from "../record/recorder.ts";
import { createCountedObjects } from "../retention/counted-objects.ts";
import { removeOldIntermediates } from "../retention/hub-leftovers.ts";
import { createPreviewBook, type PreviewBook } from "../retention/preview-book.ts";
import {
  createRetentionKeeper,
  type RetentionKeeper,
  type RetentionKeeperDeps,
} from "../retention/retention-keeper.ts";
import type { RetentionStore } from "../retention/retention-store.ts";
import { dayMs, removesAnything } from "../retention/rules.ts";
import type { SentIntermediate } from "../retention/sent-intermediates.ts";
import { createUploadQuota } from "../retention/upload-quota.ts";
import { createUsageBook, type UsageBook } from "../retention/usage-book.ts";
import type { Settings } from "../settings/settings.ts";
import type { Storage } from "./storage.ts";

export interface RetentionServices {
  /** The object store. If a rule or a quota needs it, this store also counts every local result. */
  readonly objects: ObjectStore;
  readonly usage: UsageBook;
  readonly preview: PreviewBook;
  /** Whether any rule removes local results. */
  readonly isExpiring: boolean;
  /** Whether the table of stored objects is kept. */
  readonly isCounting: boolean;
  /** Notes an intermediate that was sent to the Hub. `undefined` unless a rule removes intermediates. Never throws. */
  readonly noteSent: ((sent: SentIntermediate) => Promise<void>) | undefined;
  start(parts: HubParts): void;
  stop(): Promise<void>;
}

const steadyNow = () => performance.now();

export function openRetention(
  settings: Settings,
  { objects, retention: store }: Pick<Storage, "objects" | "retention">,
  { log, newId }: { readonly log: Log; readonly newId: () => string },
): RetentionServices {
  const { retention: rules, quota: limits } = settings;
  const isExpiring = removesAnything(rules);
  const isLimited = limits.projectBytes > 0 || limits.nodeBytes > 0;
  const isCounting = isExpiring || isLimited;
  const books = {
    usage: createUsageBook({ objects, store, isCounting, rules: isExpiring ? rules : undefined, limits, steadyNow }),
    preview: createPreviewBook({ store, rules, steadyNow }),
    isExpiring,
    isCounting,
  };
  const isForgetting = rules.intermediateDays > 0;
  if (!isCounting && !isForgetting) {
    return { ...books, objects, noteSent: undefined, start() {}, stop: async () => {} };
  }
  const quota = isLimited ? createUploadQuota({ reservations: store.reservations, limits, newId, log }) : undefined;
  let keeper: RetentionKeeper | undefined;
  return {
    ...books,
    objects: isCounting ? createCountedObjects({ objects, table: store.objects, quota }) : objects,
    noteSent: isForgetting ? (sent) => noteSent(store, sent, log) : undefined,
    start(parts) {
      const besides = isForgetting ? forgetting(settings, store, parts, log) : undefined;
      keeper = createKeeper(settings, { objects, retention: store }, log, newId(), { isCounting, besides });
      keeper.start();
    },
    async stop() {
      await keeper?.stop();
      await quota?.close();
    },
  };
}

export function createKeeper(
  { retention: rules }: Settings,
  { objects, retention: store }: Pick<Storage, "objects" | "retention">,
  log: Log,
  holder: string,
  part: Pick<RetentionKeeperDeps, "isCounting" | "besides"> = { isCounting: true },
): RetentionKeeper {
  return createRetentionKeeper({
    store,
    objects,
    rules,
    holder,
    perSecond: rules.objectsPerSecond,
    steadyNow,
    log,
    ...part,
  });
}

export interface HubParts {
  readonly hub: Pick<HubFiles, "removeFile">;
  readonly recorder: Pick<Recorder, "note">;
}

function forgetting({ retention }: Settings, { sent }: RetentionStore, parts: HubParts, log: Log) {
  return (steadyNow: Date, goesOn: () => Promise<boolean>) => {
    const before = new Date(steadyNow.getTime() - retention.intermediateDays * dayMs);
    return removeOldIntermediates({ ...parts, sent, log }, before, goesOn);
  };
}

/**
 * Logs a failure instead of throwing, because the Hub already has the file. Retention cannot remove a file without a
 * note.
 */
async function noteSent({ sent }: RetentionStore, { objectId, analysisId }: SentIntermediate, log: Log): Promise<void> {
  await sent.add({ objectId, analysisId }).catch((error: unknown) => {
    log.warn("retention.intermediate.unnoted", { objectId, reason: reasonOf(error) });
  });
}
