import type { Catalog } from "../catalog/catalog.ts";
import type { DigestStore } from "../digests/digest-store.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { Spool } from "../streams/spool.ts";
import type { SubmissionStore } from "../submissions/store/submission-store.ts";
import { sweepEnded, sweepFiles } from "../submissions/sweeps.ts";
import { projectFolder } from "./project-removal.ts";
import type { Sweep } from "./reconciler.ts";

export interface LeftoversDeps {
  readonly objects: ObjectStore;
  readonly catalog: Pick<Catalog, "listRemoved">;
  readonly submissions: SubmissionStore;
  readonly digests?: Pick<DigestStore, "forget">;
  readonly spool: Pick<Spool, "sweep">;
  /** How long ended submissions can be looked up. */
  readonly keepMs: number;
  /**
   * Expires held finals that operators left undecided for too long; prolongs that time by how far the clock was set
   * forward.
   */
  readonly expireHeld?: ((aheadMs: number) => Promise<number>) | undefined;
  /**
   * Whether no other process uses the storage. Then everything older than this process is a leftover, however fresh.
   */
  readonly isAlone: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds of a monotonic clock. */
  readonly steadyNow: () => number;
}

const hourMs = 3_600_000;
/** Far longer than any upload that is still alive. */
const uploadGraceMs = 24 * hourMs;
const fileGraceMs = hourMs;
const spoolGraceMs = hourMs;

/**
 * All leftovers, by kind. The time of this call counts as the start. Setting the clock forward, even by years, makes
 * nothing older. Setting it back does not make anything begun since the start older than the start.
 */
export function listSweeps(deps: LeftoversDeps): Sweep[] {
  const { objects, submissions, spool, keepMs, isAlone, now, steadyNow } = deps;
  const [startedAtMs, steadyAtMs] = [now(), steadyNow()];
  /** How far the clock was set forward since the start; negative when it was set back. */
  const aheadMs = () => now() - (startedAtMs + steadyNow() - steadyAtMs);
  const ago = (graceMs: number) => now() - Math.max(0, aheadMs()) - graceMs;
  const start = () => (isAlone ? startedAtMs + Math.min(0, aheadMs()) : Number.NEGATIVE_INFINITY);
  const before = (graceMs: number) => new Date(Math.max(ago(graceMs), start()));
  const expireHeld = deps.expireHeld;
  const expiry =
    expireHeld === undefined
      ? []
      : [{ what: "finals that nobody has decided on", run: () => expireHeld(Math.max(0, aheadMs())) }];
  return [
    ...expiry,
    { what: "unfinished uploads", run: () => objects.sweepUnfinished(before(uploadGraceMs)) },
    { what: "temporary files", run: () => spool.sweep(new Date(ago(spoolGraceMs))) },
    {
      what: "files of unknown submissions",
      run: () => sweepFiles({ store: submissions, objects }, before(fileGraceMs)),
    },
    { what: "objects of removed projects", run: () => sweepRemovedProjects(deps) },
    {
      what: "submissions that are over",
      run: () => sweepEnded({ store: submissions, objects }, keepMs + Math.max(0, aheadMs())),
    },
  ];
}

/**
 * Removes objects that were being stored while their project was removed, if the process was killed before it could
 * remove them itself.
 */
async function sweepRemovedProjects({ catalog, objects, digests }: LeftoversDeps) {
  let removed = 0;
  const projectIds = await catalog.listRemoved();
  for (const projectId of projectIds) removed += await objects.removeAll(projectFolder(projectId));
  await digests?.forget(projectIds);
  return removed;
}
