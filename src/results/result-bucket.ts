import { bucketMissing } from "../hub/files.ts";
import type { HubBucket, HubDirectory } from "../hub/hub.ts";
import { parseUuid } from "../uuid.ts";

/** Where the final results of an analysis go on the Hub. */
export interface ResultBuckets {
  /** Throws `not_found` when the Hub says plainly that there is none, or an error of the Hub. */
  get(analysisId: string): Promise<HubBucket>;
  /**
   * Throws `not_found` as `get` does; a Hub that is away, or does not answer at once, is no reason to throw. Costs a request
   * only while nothing is known of the analysis.
   */
  refuseMissing(analysisId: string): Promise<void>;
}

export interface ResultBucketsDeps {
  readonly hub: Pick<HubDirectory, "findBucket">;
  /** The bucket of a fresh analysis takes up to a second to appear: it is looked for again after this time. */
  readonly secondLookMs?: number;
  /** How long an answer is waited for. */
  readonly patienceMs?: number;
}

export function createResultBuckets(deps: ResultBucketsDeps): ResultBuckets {
  const { hub, secondLookMs = 1_000, patienceMs = 3_000 } = deps;

  async function find(analysisId: string): Promise<HubBucket | undefined> {
    const found = await hub.findBucket(analysisId, "RESULT");
    if (found !== undefined || parseUuid(analysisId) === undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, secondLookMs));
    return hub.findBucket(analysisId, "RESULT");
  }

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
