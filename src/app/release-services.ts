import type { Log } from "../log.ts";
import { createExamine } from "../release/findings/examine.ts";
import { createReleases, type Releases } from "../release/releases.ts";
import type { FinalKind } from "../results/final.ts";
import type { Settings } from "../settings/settings.ts";
import { newSha256 } from "./record-services.ts";
import type { Storage } from "./storage.ts";

const dayMs = 24 * 3_600_000;

/**
 * Opens the release gate, even if the review is off now: operators may still decide on results that were held before.
 */
export function openReleases(
  { release: { reviewers, smallCount } }: Settings,
  { releases: store, objects }: Pick<Storage, "releases" | "objects">,
  log: Log,
): Releases {
  const now = () => performance.now();
  const examine = createExamine({ objects, newHash: newSha256, smallCount, now });
  return createReleases({ store, objects, examine, newHash: newSha256, reviewers, log });
}

/** Returns a function that says whether a final result is held for review. */
export function createGate({ release: { review } }: Settings): (kind: FinalKind) => boolean {
  if (review === "off") return () => false;
  return ({ isNoisy, isWithinBudget }) => !(review === "unless-dp" && isNoisy && isWithinBudget);
}

/** `aheadMs`: how far the clock was set forward since the start. Results are not older because of that. */
export function sweepHeld(
  { release: { waitDays } }: Settings,
  releases: Pick<Releases, "expire">,
): ((aheadMs: number) => Promise<number>) | undefined {
  if (waitDays === 0) return undefined;
  const reason = `nobody decided within ${waitDays} ${waitDays === 1 ? "day" : "days"}`;
  return (aheadMs) => releases.expire(waitDays * dayMs + aheadMs, reason);
}
