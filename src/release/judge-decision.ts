import { AppError } from "../errors.ts";
import type { Decision, Release, Reviewer } from "./release-store.ts";

/**
 * The state of a final result after a decision: it waits for one more approval, is due for delivery, or is rejected.
 */
export type Consequence = "held" | "queued" | "rejected";

/**
 * Returns what the decision leads to. Throws `not_found` for an unknown submission, `conflict` if it is already decided
 * or this person has already approved it, and `changed` if the reviewer has looked at other bytes. The first decision
 * counts.
 */
export function judgeDecision(
  release: Release | undefined,
  decision: Decision,
  reviewer: Reviewer,
  reviewers: number,
): Consequence {
  const { submissionId, kind, sha256 } = decision;
  if (release === undefined) throw new AppError("not_found", `Submission with ID ${submissionId} does not exist`);
  const approvals = release.decisions.filter((past) => past.decision === "approved");
  const last = release.decisions.at(-1);
  if (release.state !== "held") throw decidedAlready(release, last);
  if (sha256.toLowerCase() !== release.sha256) throw fileChanged();
  if (kind === "declined") return "rejected";
  const own = approvals.find((past) => isSamePerson(past.reviewer, reviewer));
  if (own !== undefined && approvals.length < reviewers) throw decidedAlready(release, own);
  return approvals.length + 1 >= reviewers ? "queued" : "held";
}

/** Two reviewers with the same name or subject may be one person, and one person must not count twice. */
export function isSamePerson(one: Reviewer, other: Reviewer): boolean {
  const known = [one.name, one.subject].map(plain);
  return [other.name, other.subject].map(plain).some((text) => known.includes(text));
}

/** Removes differences that nobody can see in a name: invisible characters, letter case and white space. */
function plain(name: string): string {
  const shown = name.normalize("NFKC").replace(/[\p{Default_Ignorable_Code_Point}\p{Cc}]/gu, "");
  return shown.trim().replace(/\s+/g, " ").toLowerCase();
}

function decidedAlready({ id, verdict }: Release, last: Release["decisions"][number] | undefined): AppError {
  if (last === undefined) return new AppError("conflict", `Submission ${id} was already ${verdict ?? "decided"}.`);
  const what = last.decision === "approved" ? "approved" : "declined";
  const when = last.decidedAt.toISOString();
  return new AppError("conflict", `Submission ${id} was already ${what} by ${last.reviewer.name} at ${when}.`);
}

export function fileChanged(): AppError {
  return new AppError("changed", "The file is not the one you looked at.");
}

/** The error that the analysis reads in the state of its submission. */
export function declinedBecause(reason: string): string {
  return `Declined by the node: ${reason}`;
}
