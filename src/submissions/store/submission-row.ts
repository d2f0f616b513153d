import type { NewEntry } from "../../record/record-store.ts";
import type {
  HeldSubmission,
  NewSubmission,
  Place,
  Submission,
  SubmissionFilter,
  SubmissionState,
} from "./submission-store.ts";

/** A row as both databases return it. */
export interface SubmissionRow {
  readonly id: string;
  readonly analysisId: string;
  readonly projectId: string | null;
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly state: SubmissionState;
  readonly verdict: "approved" | "declined" | null;
  readonly attempts: number;
  readonly nextAttemptAt: Date;
  readonly lastError: string | null;
  readonly failingSince: Date | null;
  readonly submittedAt: Date;
  readonly endedAt: Date | null;
}

export const pendingStates = ["queued", "delivering"] as const satisfies SubmissionState[];
/** The states that an operator's filter means. */
export function statesOf(status: SubmissionFilter["status"]): SubmissionState[] {
  if (status === "queued") return [...pendingStates];
  return status === undefined ? ["held", ...pendingStates, ...endedStates] : [status];
}

export const endedStates = ["delivered", "rejected"] as const satisfies SubmissionState[];

/** `standsAside` depends on the current time, so the query computes it. */
export function asSubmission(row: SubmissionRow, standsAside: boolean): Submission {
  const { state, nextAttemptAt, lastError, submittedAt, endedAt } = row;
  return {
    ...asHeldSubmission(row),
    state,
    lastError: lastError ?? undefined,
    submittedAt,
    nextAttemptAt,
    deliveredAt: state === "delivered" ? (endedAt ?? undefined) : undefined,
    standsAside,
  };
}

export function asHeldSubmission(row: SubmissionRow): HeldSubmission {
  const { id, analysisId, filename, contentType, sizeBytes, sha256, attempts } = row;
  const projectId = row.projectId ?? undefined;
  const approval = row.verdict === "approved" ? { isApproved: true } : {};
  return { id, analysisId, projectId, filename, contentType, sizeBytes, sha256, attempts, ...approval };
}

/** The entry in the record about a submission. */
export function asEntry(event: NewEntry["event"], row: EntryRow, part: Partial<NewEntry> = {}): NewEntry {
  const { id, analysisId, sizeBytes, sha256 } = row;
  const projectId = row.projectId ?? undefined;
  return {
    event,
    actor: "node",
    analysisId,
    projectId,
    objectId: id,
    bytes: sizeBytes,
    sha256,
    outcome: "ok",
    ...part,
  };
}

type EntryRow = Pick<HeldSubmission, "id" | "analysisId" | "sizeBytes" | "sha256"> & {
  readonly projectId: string | null | undefined;
};

/** The head of an analysis' queue. */
export interface Head {
  readonly id: string;
  readonly isWaiting: boolean;
}

/**
 * Where a new submission stands behind the head that the queue had before. It is the head itself if it was added
 * earlier.
 */
export function placeBehind(head: Head | undefined, { id }: NewSubmission): Place {
  if (head === undefined || head.id === id) return "first";
  return head.isWaiting ? "blocked" : "behind";
}
