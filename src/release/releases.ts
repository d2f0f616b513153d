import { AppError } from "../errors.ts";
import type { AuditEvent, AuditFields, Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { ContentHash } from "../streams/content-hash.ts";
import { submissionKey } from "../submissions/store/submission-store.ts";
import type { Examination } from "./findings/examination.ts";
import type { Examine } from "./findings/examine.ts";
import { fileChanged, judgeDecision } from "./judge-decision.ts";
import { type ReleaseContent, readContent } from "./read-content.ts";
import type { Decision, PastDecision, Release, ReleaseStore, Reviewer } from "./release-store.ts";
import { isUnchanged } from "./stored-file.ts";

/** A final result with everything that helps to decide on it. */
export interface ReleaseDetails {
  readonly release: Release;
  readonly examination: Examination;
  /** Decisions on other submissions of the same project, newest first. */
  readonly earlier: readonly PastDecision[];
  /** The newest of `earlier` on a file of the same name. */
  readonly sameName: PastDecision | undefined;
}

/** The release gate: final results that wait until operators approve them. */
export interface Releases extends Pick<ReleaseStore, "page" | "stats"> {
  /** How many different people must approve. */
  readonly reviewers: number;
  /** Throws `not_found` for a submission that was never held. */
  get(id: string): Promise<Release>;
  /** Throws `not_found` for a submission that was never held, or if its file is gone. */
  content(id: string, isDownload: boolean): Promise<{ readonly release: Release; readonly content: ReleaseContent }>;
  /** Takes a few seconds at most for any file, after those examined before it. Throws as `get` does. */
  examine(id: string): Promise<ReleaseDetails>;
  /** Takes all decisions or none. Throws as `ReleaseStore.decide` does, and `changed` if a stored file was changed. */
  decide(decisions: readonly Decision[], reviewer: Reviewer): Promise<Release[]>;
  /** Declines everything that was held for longer than this. Resolves with how many it declined. */
  expire(longerThanMs: number, reason: string): Promise<number>;
}

export interface ReleasesDeps {
  readonly store: ReleaseStore;
  readonly objects: Pick<ObjectStore, "open" | "stat" | "remove">;
  readonly examine: Examine;
  readonly newHash: () => ContentHash;
  readonly reviewers: number;
  readonly log: Log;
}

const shownDecisions = 50;

export function createReleases(deps: ReleasesDeps): Releases {
  const { store, objects, examine, newHash, reviewers, log } = deps;

  async function get(id: string): Promise<Release> {
    const found = await store.find(id);
    if (found === undefined) throw new AppError("not_found", `Submission with ID ${id} does not exist`);
    return found;
  }

  /**
   * Throws before the store decides. It judges first, so that it does not read a file for a decision that is refused.
   */
  async function prove(decision: Decision, reviewer: Reviewer): Promise<void> {
    const release = await store.find(decision.submissionId);
    judgeDecision(release, decision, reviewer, reviewers);
    if (release === undefined || decision.kind === "declined") return;
    if (!(await isUnchanged(objects, release, newHash))) throw fileChanged();
  }

  async function recordOutcome(release: Release, event: AuditEvent, user: string): Promise<void> {
    const { id, analysisId, projectId, sizeBytes, sha256, verdict } = release;
    const facts = projectId === undefined ? { analysisId } : { analysisId, projectId };
    log.info(event, { ...facts, objectId: id, bytes: sizeBytes, sha256, user, outcome: "ok" } satisfies AuditFields);
    // A declined file is of no more use. If this fails, the file is removed later, together with its row.
    if (verdict === "declined") await objects.remove(submissionKey(id)).catch(() => {});
  }

  return {
    reviewers,
    page: store.page,
    stats: store.stats,
    get,
    async content(id, isDownload) {
      const release = await get(id);
      return { release, content: await readContent(objects, release, isDownload) };
    },
    async examine(id) {
      const release = await get(id);
      const [earlier, equal] = await Promise.all([
        store.listEarlier(release, shownDecisions),
        store.findEqual(release),
      ]);
      const examination = await examine(release, equal);
      const sameName = earlier.find(({ filename }) => filename === release.filename);
      return { release, examination, earlier, sameName };
    },
    async decide(decisions, reviewer) {
      for (const decision of decisions) await prove(decision, reviewer);
      const decided = await store.decide(decisions, reviewer, reviewers);
      for (const { submissionId, kind } of decisions) {
        const release = decided.find(({ id }) => id === submissionId);
        if (release !== undefined) await recordOutcome(release, `final.${kind}`, reviewer.name);
      }
      return decided;
    },
    async expire(longerThanMs, reason) {
      const expired = await store.expire(longerThanMs, reason);
      for (const release of expired) await recordOutcome({ ...release, verdict: "declined" }, "final.expired", "node");
      return expired.length;
    },
  };
}
