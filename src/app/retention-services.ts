import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { createCountedObjects } from "../retention/counted-objects.ts";
import { createPreviewBook, type PreviewBook } from "../retention/preview-book.ts";
import { createRetentionKeeper, type RetentionKeeper } from "../retention/retention-keeper.ts";
import { removesAnything } from "../retention/rules.ts";
import { createUploadQuota } from "../retention/upload-quota.ts";
import { createUsageBook, type UsageBook } from "../retention/usage-book.ts";
import type { Settings } from "../settings/settings.ts";
import type { Storage } from "./storage.ts";

export interface RetentionServices {
  /** In which every local result counts, where anything needs that. */
  readonly objects: ObjectStore;
  readonly usage: UsageBook;
  readonly preview: PreviewBook;
  /** Whether there are rules by which local results go. */
  readonly isExpiring: boolean;
  /** Whether the table of stored objects is kept. */
  readonly isCounting: boolean;
  start(): void;
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
  if (!isCounting) return { ...books, objects, start() {}, stop: async () => {} };
  const quota = isLimited ? createUploadQuota({ reservations: store.reservations, limits, newId, log }) : undefined;
  const keeper = createKeeper(settings, { objects, retention: store }, log, newId());
  return {
    ...books,
    objects: createCountedObjects({ objects, table: store.objects, quota }),
    start: keeper.start,
    async stop() {
      await keeper.stop();
      await quota?.close();
    },
  };
}

export function createKeeper(
  { retention: rules }: Settings,
  { objects, retention: store }: Pick<Storage, "objects" | "retention">,
  log: Log,
  holder: string,
): RetentionKeeper {
  return createRetentionKeeper({
    store,
    objects,
    rules,
    holder,
    perSecond: rules.objectsPerSecond,
    steadyNow,
    log,
  });
}
