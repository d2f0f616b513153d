import { bucketMissing } from "../hub/files.ts";
import type { HubBucket, HubDirectory } from "../hub/hub.ts";
import { findFreshBucket } from "./fresh-bucket.ts";

/** Where the final results of an analysis go on the Hub. */
export interface ResultBuckets {
  /** Throws `not_found` when the Hub clearly says that there is none, or an error of the Hub. */
  get(analysisId: string): Promise<HubBucket>;
  /**
   * Throws `not_found` as `get` does, but does not throw if the Hub is unreachable or slow. Asks the Hub only until the
   * bucket is known.
   */
  refuseMissing(analysisId: string): Promise<void>;
}

export interface ResultBucketsDeps {
  readonly hub: Pick<HubDirectory, "findBucket">;
  /** Delay before a missing bucket is looked up again. */
  readonly secondLookMs?: number;
  /** How long `refuseMissing` waits for the Hub. */
  readonly patienceMs?: number;
}

export function createResultBuckets(deps: ResultBucketsDeps): ResultBuckets {
  const { hub, patienceMs = 3_000 } = deps;

  const find = (analysisId: string) => findFreshBucket(hub, analysisId, "RESULT", deps.secondLookMs);

  async function isMissing(analysisId: string): Promise<boolean> {
    try {
      return (await find(analysisId)) === undefined;
    } catch {
      return false;
    }
  }

  return {
    async get(analysisId) {
      const found = await find(analysisId);
      if (found === undefined) throw bucketMissing(analysisId);
      return found;
    },
    async refuseMissing(analysisId) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const unknown = new Promise<boolean>((resolve) => {
        timer = setTimeout(() => resolve(false), patienceMs);
      });
      const missing = await Promise.race([isMissing(analysisId), unknown]).finally(() => clearTimeout(timer));
      if (missing) throw bucketMissing(analysisId);
    },
  };
}
