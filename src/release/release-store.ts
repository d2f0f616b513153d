import type { SubmissionState } from "../submissions/store/submission-store.ts";

/** `expired`: nobody decided in time, and the node declined the submission by itself. */
export type DecisionKind = "approved" | "declined" | "expired";

/** The person who decides. */
export interface Reviewer {
  /** The name that the record shows. */
  readonly name: string;
  /** Distinguishes two people, even if they have the same name. */
  readonly subject: string;
}

/** An earlier decision on a final result, with the facts about the file at that time. */
export interface PastDecision {
  readonly submissionId: string;
  readonly analysisId: string;
  readonly projectId: string | undefined;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly decision: DecisionKind;
  readonly reviewer: Reviewer;
  readonly reason: string | undefined;
  readonly decidedAt: Date;
}

/** A final result that was held for a decision of operators, and its state now. */
export interface Release {
  readonly id: string;
  readonly analysisId: string;
  readonly projectId: string | undefined;
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** The hash of the submitted file, in lower-case hex. */
  readonly sha256: string;
  readonly state: SubmissionState;
  /** `undefined` while operators have not decided. */
  readonly verdict: "approved" | "declined" | undefined;
  readonly attempts: number;
  readonly lastError: string | undefined;
  readonly submittedAt: Date;
  readonly deliveredAt: Date | undefined;
  /** Oldest first. If two people must approve, a first approval is listed while the result is still held. */
  readonly decisions: readonly PastDecision[];
}

/** A decision applies to bytes, not to an id: `sha256` says which bytes the reviewer has looked at. */
export interface Decision {
  readonly submissionId: string;
  readonly kind: "approved" | "declined";
  readonly sha256: string;
  readonly reason: string | undefined;
}

export const releaseStatuses = ["held", "approved", "declined", "queued", "delivered", "rejected"] as const;

export interface ReleaseFilter {
  /** `approved` and `declined` filter by the verdict; the other values filter by the state. */
  readonly status?: (typeof releaseStatuses)[number] | undefined;
  readonly projectId?: string | undefined;
  readonly analysisId?: string | undefined;
}

export interface ReleasePage {
  readonly releases: readonly Release[];
  /** `after` of the next page; `undefined` on the last one. */
  readonly next: string | undefined;
  /** How many match the filter, on all pages. */
  readonly total: number;
}

export interface ReleaseStats {
  /** How many wait for a decision. */
  readonly held: number;
  /** How long the oldest of them has waited; 0 if there is none. */
  readonly oldestSeconds: number;
}

export type ReleaseOrder = "newest" | "oldest";

/**
 * Final results that operators have to decide on, and their decisions. If the node keeps a record, the same transaction
 * writes the decision to it.
 *
 * Every function throws `AppError("database")` when the database fails, and `storage_full` when it has no room.
 */
export interface ReleaseStore {
  /** `after` is the `next` of the page before. The page is empty if `after` is unknown. */
  page(filter: ReleaseFilter, order: ReleaseOrder, after: string | undefined, limit: number): Promise<ReleasePage>;
  /** `undefined` if the submission is unknown or was never held. */
  find(id: string): Promise<Release | undefined>;
  /**
   * Takes all decisions or none. Throws `not_found` for a submission that was never held, `conflict` for one that is
   * already decided or that this person has approved before, and `changed` if the SHA-256 differs. A result with enough
   * approvals is due at once. One person can decline it. Resolves with the new states, in the order of `decisions`.
   */
  decide(decisions: readonly Decision[], reviewer: Reviewer, reviewers: number): Promise<Release[]>;
  /** Declines everything that was held for longer than this, with the given reason. Resolves with what it declined. */
  expire(longerThanMs: number, reason: string): Promise<Release[]>;
  /**
   * Decisions on other submissions of the same project, newest first. If the project is unknown, those of the same
   * analysis.
   */
  listEarlier(release: Release, limit: number): Promise<PastDecision[]>;
  /** The newest decision on another submission with the same bytes. */
  findEqual(release: Release): Promise<PastDecision | undefined>;
  stats(): Promise<ReleaseStats>;
}
