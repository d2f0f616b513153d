/**
 * `held`: it waits for operators to decide, and nobody delivers it. `delivering` is only how the holder of a lease sees it; to
 * everybody else it is still queued.
 */
export type SubmissionState = "held" | "queued" | "delivering" | "delivered" | "rejected";

export interface NewSubmission {
  readonly id: string;
  readonly analysisId: string;
  /** `undefined` where the Hub could not tell. */
  readonly projectId: string | undefined;
  /** At most 255 characters, as the content type. */
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Of the file's bytes, in lower-case hex. */
  readonly sha256: string;
}

/** A submission that somebody holds a lease on: nobody else delivers it. */
export interface HeldSubmission extends NewSubmission {
  /** The one that the lease is for included. */
  readonly attempts: number;
  /** Operators have approved these very bytes. */
  readonly isApproved?: boolean;
}

export interface Submission extends HeldSubmission {
  readonly state: SubmissionState;
  /** Why the last attempt came to nothing; fit for the client. */
  readonly lastError: string | undefined;
  readonly submittedAt: Date;
  readonly nextAttemptAt: Date;
  readonly deliveredAt: Date | undefined;
  /** Whether it has failed for so long that it no longer keeps back those behind it. */
  readonly standsAside: boolean;
}

/** The right to deliver a submission, from now on for so long. It passes on when its holder dies. */
export interface Lease {
  readonly holder: string;
  readonly leaseMs: number;
}

/** The longest delays that a postponement is given, by who named the time. */
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
 * Where a new submission stands among those of its analysis: `first` is held already, `behind` follows one that is due or
 * under way, `blocked` one that waits for its next attempt. `removed`: its project was, and nothing is added.
 */
export type Place = "first" | "behind" | "blocked" | "removed";

export interface SubmissionStats {
  readonly pending: number;
  /** Age of the oldest one that waits; 0 when none does. */
  readonly oldestSeconds: number;
  /** Those of them that have failed for so long that they no longer keep back others. */
  readonly standingAside: number;
}

/** After a day of failures one final is no reason any more to keep back the later ones of its analysis. */
export const longestBlockMs = 24 * 3_600_000;

/**
 * The rows of the queue of final results; the files lie in the object store under `submissionKey`. Submissions of an analysis
 * are held one at a time and in the order they came in, but one whose attempts have failed for a day stands aside: it is
 * still tried, and keeps back none of the others. Ids are lower-case canonical UUIDs.
 *
 * What becomes of them is put on record, where there is one, in the same transaction.
 *
 * Every function throws `AppError("database")` when the database fails, `storage_full` when it has no room.
 */
export interface SubmissionStore {
  /** Adds a row; with no other of its analysis pending, the lease is taken at once. Repeating it changes nothing. */
  add(submission: NewSubmission, lease: Lease): Promise<Place>;
  /** Adds a row that nobody delivers before operators have approved it. Repeating it changes nothing. */
  hold(submission: NewSubmission): Promise<"held" | "removed">;
  find(id: string): Promise<Submission | undefined>;
  /** Oldest first. */
  list(states: readonly SubmissionState[]): Promise<Submission[]>;

  /**
   * Takes a lease on the oldest submission that is due, heads its analysis' queue and is not held; counts as an attempt. One
   * that would have to wait for longer than it can have been told to is due as well: the clock was set back.
   */
  claim(lease: Lease, longest?: LongestDelays): Promise<HeldSubmission | undefined>;
  /** Prolongs a lease; `false` when another holder has taken it over. */
  renew(id: string, lease: Lease): Promise<boolean>;
  /** These end the lease; `false`, and nothing is changed, when another holder has taken it over. */
  markDelivered(id: string, holder: string): Promise<boolean>;
  markRejected(id: string, holder: string, reason: string): Promise<boolean>;
  /** With a reason it counts as a failure, and the day begins after which the submission stands aside. */
  postpone(id: string, holder: string, postponement: Postponement): Promise<boolean>;

  /** Makes everything due that waits by our own choice; resolves with how many. */
  wake(): Promise<number>;
  /** Ends all leases; only for a process that has the database to itself. */
  releaseAll(): Promise<void>;
  /** Forgets a submission that nobody was promised, or that is over; `rejected`: the Hub refused it. Idempotent. */
  remove(id: string, because?: "rejected" | "failed"): Promise<void>;
  /** Ids of those that ended, either way, longer ago than this. */
  findEnded(longerAgoMs: number): Promise<string[]>;

  /** The analyses of submissions whose project is not known. */
  listWithoutProject(): Promise<string[]>;
  /** Says which project those of the analysis are of that have none yet. */
  setProject(analysisId: string, projectId: string): Promise<void>;

  /** For operators: newest first, behind the one that `next` of another page named; behind an unknown one is nothing. */
  page(filter: SubmissionFilter, after: string | undefined, limit: number): Promise<SubmissionPage>;
  count(state: SubmissionState): Promise<number>;
  /**
   * For operators: makes a submission due now, also one that the Hub has rejected; `false` if it is delivered, being delivered
   * or unknown, or if operators have declined it or have still to decide.
   */
  retry(id: string): Promise<boolean>;
  /**
   * For operators, by name: forgets a submission; `false` if it is being delivered or unknown, or if operators have still to
   * decide on it, which takes a reason.
   */
  drop(id: string, actor?: string): Promise<boolean>;

  stats(): Promise<SubmissionStats>;
}

export interface SubmissionFilter {
  /** `queued`: those that are being delivered as well. */
  readonly status?: "held" | "queued" | "delivered" | "rejected" | undefined;
  readonly analysisId?: string | undefined;
}

export interface SubmissionPage {
  readonly submissions: readonly Submission[];
  /** `after` of the next page; `undefined` on the last one. */
  readonly next: string | undefined;
  /** How many fit, on all pages. */
  readonly total: number;
}

export const submissionFolder = "submissions/";

export function submissionKey(id: string): string {
  return `${submissionFolder}${id}`;
}
