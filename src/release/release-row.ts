import type { NewEntry } from "../record/record-store.ts";
import type { SubmissionState } from "../submissions/store/submission-store.ts";
import type { DecisionKind, PastDecision, Release, ReleaseFilter } from "./release-store.ts";

/** A submission's columns, as both databases return them. */
export interface ReleaseRow {
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
  readonly lastError: string | null;
  readonly submittedAt: Date;
  readonly endedAt: Date | null;
}

/** A decision's columns, as both databases return them. */
export interface DecisionRow {
  readonly submissionId: string;
  readonly analysisId: string;
  readonly projectId: string | null;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly decision: DecisionKind;
  readonly reviewer: string;
  readonly subject: string;
  readonly reason: string | null;
  readonly decidedAt: Date;
}

export function asRelease(row: ReleaseRow, decisions: readonly PastDecision[]): Release {
  const { id, analysisId, filename, contentType, sizeBytes, sha256, state, attempts, submittedAt } = row;
  return {
    id,
    analysisId,
    projectId: row.projectId ?? undefined,
    filename,
    contentType,
    sizeBytes,
    sha256,
    state,
    verdict: row.verdict ?? undefined,
    attempts,
    lastError: row.lastError ?? undefined,
    submittedAt,
    deliveredAt: state === "delivered" ? (row.endedAt ?? undefined) : undefined,
    decisions: decisions.filter(({ submissionId }) => submissionId === id),
  };
}

export function asPastDecision(row: DecisionRow): PastDecision {
  const { submissionId, analysisId, filename, sizeBytes, sha256, decision, decidedAt } = row;
  return {
    submissionId,
    analysisId,
    projectId: row.projectId ?? undefined,
    filename,
    sizeBytes,
    sha256,
    decision,
    reviewer: { name: row.reviewer, subject: row.subject },
    reason: row.reason ?? undefined,
    decidedAt,
  };
}

type Decided = Pick<PastDecision, "decision" | "reason" | "reviewer">;

/** The row that stores a decision. */
export function decisionRow(release: Release, { decision, reason, reviewer }: Decided) {
  const { id, analysisId, projectId, filename, sizeBytes, sha256 } = release;
  const { name, subject } = reviewer;
  const file = { submissionId: id, analysisId, projectId: projectId ?? null, filename, sizeBytes, sha256 };
  return { ...file, decision, reviewer: name, subject, reason: reason ?? null };
}

/** The entry in the record for a decision. */
export function decisionEntry(release: Release, { decision, reviewer }: Decided): NewEntry {
  const { id, analysisId, projectId, sizeBytes, sha256 } = release;
  const event = decision === "approved" ? "final.approved" : "final.declined";
  return { event, actor: reviewer.name, analysisId, projectId, objectId: id, bytes: sizeBytes, sha256, outcome: "ok" };
}

type Status = NonNullable<ReleaseFilter["status"]>;

/** The states and the verdict that an operator's filter stands for; `undefined` means any. */
export function meaningOf(status: ReleaseFilter["status"]): {
  readonly states: SubmissionState[] | undefined;
  readonly verdict: "approved" | "declined" | undefined;
} {
  if (status === "approved" || status === "declined") return { states: undefined, verdict: status };
  if (status === "queued") return { states: ["queued", "delivering"], verdict: undefined };
  const states = status === undefined ? undefined : [status satisfies Exclude<Status, "approved" | "declined">];
  return { states, verdict: undefined };
}
