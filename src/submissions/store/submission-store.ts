/**
 * `held`: it waits for the operators' decision, and nobody delivers it. Only the holder of a lease sees `delivering`;
 * for everybody else the submission is still queued.
 */
export type SubmissionState = "held" | "queued" | "delivering" | "delivered" | "rejected";

export interface NewSubmission {
  readonly id: string;
  readonly analysisId: string;
  /** `undefined` where the Hub could not tell. */
  readonly projectId: string | undefined;
  /** At most 255 characters; the same holds for the content type. */
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Of the file's bytes, in lower-case hex. */
  readonly sha256: string;
}

/** A submission with a lease: only the holder of the lease delivers it. */
export interface HeldSubmission extends NewSubmission {
  /** Includes the attempt that the lease is for. */
  readonly attempts: number;
  /** Operators have approved these very bytes. */
  readonly isApproved?: boolean;
}

export interface Submission extends HeldSubmission {
  readonly state: SubmissionState;
  /** Why the last attempt failed; safe to show to the client. */
  readonly lastError: string | undefined;
  readonly submittedAt: Date;
  readonly nextAttemptAt: Date;
  readonly deliveredAt: Date | undefined;
  /** Whether it has failed for so long that it no longer blocks those behind it. */
  readonly standsAside: boolean;
}

/** The right to deliver a submission, for `leaseMs` from now on. Another process takes it over when its holder dies. */
export interface Lease {
  readonly holder: string;
  readonly leaseMs: number;
}

/**
 * The longest delays that a postponement can have: `ownMs` if this node chose the delay, `fixedMs` if the Hub named it.
 */
export interface LongestDelays {
  readonly ownMs: number;
  readonly fixedMs: number;
}

export interface Postponement {
  readonly delayMs: number;
  /** The Hub itself named the time: `wake` does not shorten it. */
  readonly isFixed: boolean;
  readonly reason: string | undefined;
}

/**
 * Where a new submission stands among those of its analysis. `first`: it already has a lease. `behind`: it follows one
 * that is due or being delivered. `blocked`: it follows one that waits for its next attempt. `removed`: its project was
 * removed, and nothing is added.
 */
export type Place = "first" | "behind" | "blocked" | "removed";

export interface SubmissionStats {
  readonly pending: number;
  /** Age of the oldest pending submission; 0 if there is none. */
  readonly oldestSeconds: number;
  /** How many of them have failed for so long that they no longer block others. */
  readonly standingAside: number;
}

/** A final that has failed for a day no longer blocks the later ones of its analysis. */
export const longestBlockMs = 24 * 3_600_000;

/**
 * The rows of the queue of final results; the files are in the object store under `submissionKey`. The submissions of
 * an analysis are leased one at a time, in the order in which they came in. A submission whose attempts have failed for
 * a day stands aside: it is still tried, but blocks none of the others. Ids are lower-case canonical UUIDs.
 *
 * If there is a record, its entries are written in the same transaction as the change.
 *
 * Every function throws `AppError("database")` when the database fails, `storage_full` when it has no room.
 */
export interface SubmissionStore {
  /**
   * Adds a row, and takes its lease at once if no submission of its analysis is in front of it. Repeating it changes
   * nothing.
   */
  add(submission: NewSubmission, lease: Lease): Promise<Place>;
  /** Adds a row that nobody delivers before operators approve it. Repeating it changes nothing. */
  hold(submission: NewSubmission): Promise<"held" | "removed">;
  find(id: string): Promise<Submission | undefined>;
  /** Oldest first. */
  list(states: readonly SubmissionState[]): Promise<Submission[]>;

  /**
   * Takes a lease on the oldest submission that is due, is first in its analysis' queue and has no lease; counts as an
   * attempt. A submission that would wait for longer than the longest delay is due too: the clock was set back.
   */
  claim(lease: Lease, longest?: LongestDelays): Promise<HeldSubmission | undefined>;
  /** Prolongs a lease; `false` when another holder has taken it over. */
  renew(id: string, lease: Lease): Promise<boolean>;
  /**
   * This function and the next two end the lease. They change nothing and give `false` if another holder has taken it
   * over.
   */
  markDelivered(id: string, holder: string): Promise<boolean>;
  markRejected(id: string, holder: string, reason: string): Promise<boolean>;
  /** With a reason it counts as a failure. The first failure begins the day after which the submission stands aside. */
  postpone(id: string, holder: string, postponement: Postponement): Promise<boolean>;

  /** Makes all waiting submissions due, except those whose delay the Hub named; resolves with their number. */
  wake(): Promise<number>;
  /** Ends all leases; only for a process that alone uses the database. */
  releaseAll(): Promise<void>;
  /**
   * Removes a submission whose delivery nobody was promised, or that has ended. `rejected`: the Hub refused it.
   * Idempotent.
   */
  remove(id: string, because?: "rejected" | "failed"): Promise<void>;
  /** Ids of submissions that were delivered or rejected longer ago than this. */
  findEnded(longerAgoMs: number): Promise<string[]>;

  /** The analyses of submissions whose project is not known. */
  listWithoutProject(): Promise<string[]>;
  /** Sets the project of the analysis' submissions that have none yet. */
  setProject(analysisId: string, projectId: string): Promise<void>;

  /**
   * For operators: newest first, after the submission that `next` of another page named. The page is empty if that one
   * is unknown.
   */
  page(filter: SubmissionFilter, after: string | undefined, limit: number): Promise<SubmissionPage>;
  count(state: SubmissionState): Promise<number>;
  /**
   * For operators: makes a submission due now, also one that the Hub has rejected. `false` if it is unknown, delivered
   * or being delivered, or if operators have declined it or must still decide on it.
   */
  retry(id: string): Promise<boolean>;
  /**
   * For operators: removes a submission; the record names the `actor`. `false` if it is unknown or being delivered, or
   * if operators must still decide on it, which takes a reason.
   */
  drop(id: string, actor?: string): Promise<boolean>;

  stats(): Promise<SubmissionStats>;
}

export interface SubmissionFilter {
  /** `queued` includes those that are being delivered. */
  readonly status?: "held" | "queued" | "delivered" | "rejected" | undefined;
  readonly analysisId?: string | undefined;
}

export interface SubmissionPage {
  readonly submissions: readonly Submission[];
  /** `after` of the next page; `undefined` on the last one. */
  readonly next: string | undefined;
  /** How many submissions match the filter, on all pages. */
  readonly total: number;
}

export const submissionFolder = "submissions/";

export function submissionKey(id: string): string {
  return `${submissionFolder}${id}`;
}
