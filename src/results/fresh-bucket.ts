import type { BucketType, HubBucket, HubDirectory } from "../hub/hub.ts";
import { pause } from "../time/deadline.ts";
import { isUuid } from "../uuid.ts";

/**
 * The Hub takes up to a second to create the buckets of a new analysis. A missing bucket is looked up again after this
 * time.
 */
export const secondLookMs = 1_000;

/** Finds a bucket of an analysis that may be new. `undefined` when the Hub says twice that there is none. */
export async function findFreshBucket(
  hub: Pick<HubDirectory, "findBucket">,
  analysisId: string,
  type: BucketType,
  waitMs = secondLookMs,
): Promise<HubBucket | undefined> {
  const found = await hub.findBucket(analysisId, type);
  if (found !== undefined || !isUuid(analysisId)) return found;
  await pause(waitMs);
  return hub.findBucket(analysisId, type);
}
