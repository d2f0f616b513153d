import type { SubmissionState } from "../submissions/store/submission-store.ts";

/** `expired`: nobody has decided in time, which is as if the node had declined. */
export type DecisionKind = "approved" | "declined" | "expired";

/** The person who decides. */
export interface Reviewer {
  /** For the record. */
  readonly name: string;
  /** Tells two people apart, whatever they are called. */
  readonly subject: string;
}

/** What somebody has decided on a final, and what it was then. */
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

/** A final that was held for operators to decide on, and what has become of it. */
export interface Release {
  readonly id: string;
  readonly analysisId: string;
  readonly projectId: string | undefined;
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Of what was submitted, in lower-case hex. */
  readonly sha256: string;
  readonly state: SubmissionState;
  /** `undefined` while operators have not decided. */
  readonly verdict: "approved" | "declined" | undefined;
  readonly attempts: number;
  readonly lastError: string | undefined;
  readonly submittedAt: Date;
  readonly deliveredAt: Date | undefined;
  /** Oldest first; where two must approve, the first approval stands here while it is held still. */
  readonly decisions: readonly PastDecision[];
}

/** One decides on bytes, not on an id: `sha256` says which ones were looked at. */
export interface Decision {
  readonly submissionId: string;
  readonly kind: "approved" | "declined";
  readonly sha256: string;
  readonly reason: string | undefined;
}

export const releaseStatuses = ["held", "approved", "declined", "queued", "delivered", "rejected"] as const;

export interface ReleaseFilter {
  /** `approved` and `declined`: by the operators' verdict; the others: by what has become of it. */
  readonly status?: (typeof releaseStatuses)[number] | undefined;
  readonly projectId?: string | undefined;
  readonly analysisId?: string | undefined;
}

export interface ReleasePage {
  readonly releases: readonly Release[];
  /** `after` of the next page; `undefined` on the last one. */
  readonly next: string | undefined;
  /** How many fit, on all pages. */
  readonly total: number;
}

export interface ReleaseStats {
  /** How many wait for a decision. */
  readonly held: number;
  /** Age of the oldest of them; 0 when there is none. */
  readonly oldestSeconds: number;
}

export type ReleaseOrder = "newest" | "oldest";

/**
 * Finals that operators have to decide on, and what they have decided. What is decided is put on record, where there is one,
 * in the same transaction.
 *
 * Every function throws `AppError("database")` when the database fails, `storage_full` when it has no room.
 */
export interface ReleaseStore {
  /** Those behind the one that `next` of another page named; behind an unknown one is nothing. */
  page(filter: ReleaseFilter, order: ReleaseOrder, after: string | undefined, limit: number): Promise<ReleasePage>;
  /** `undefined` for what never was held, too. */
  find(id: string): Promise<Release | undefined>;
  /**
   * All of them or none. Throws `not_found` for what never was held, `conflict` for what is decided already or was approved by
   * this person before, `changed` where the SHA-256 is another one. What enough people have approved is due at once; what one
   * has declined is rejected. Resolves with what they are now, in the order given.
   */
  decide(decisions: readonly Decision[], reviewer: Reviewer, reviewers: number): Promise<Release[]>;
  /** Declines what has been held for longer than this, for the reason given; resolves with it. */
  expire(longerThanMs: number, reason: string): Promise<Release[]>;
  /** Decisions of the same project, or of the same analysis where that is not known; not on this very one. Newest first. */
  listEarlier(release: Release, limit: number): Promise<PastDecision[]>;
  /** The newest decision on a file of these bytes that is not this very submission. */
  findEqual(release: Release): Promise<PastDecision | undefined>;
  stats(): Promise<ReleaseStats>;
}
