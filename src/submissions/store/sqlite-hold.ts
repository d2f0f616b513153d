import type { SqliteDatabase } from "../../database/sqlite-connection.ts";
import { isRemoved } from "../../database/sqlite-removed-project.ts";
import type { AppendInSqlite } from "../../record/sqlite-append.ts";
import { submission } from "./sqlite-schema.ts";
import { asEntry } from "./submission-row.ts";
import type { NewSubmission } from "./submission-store.ts";

/** Adds a submission that operators must decide on, and its entries in the record. */
export function hold(
  tx: Pick<SqliteDatabase, "select" | "insert">,
  added: NewSubmission,
  nowMs: number,
  append: AppendInSqlite | undefined,
): "held" | "removed" {
  if (added.projectId !== undefined && isRemoved(tx, added.projectId)) return "removed";
  const at = new Date(nowMs);
  const inserted = tx
    .insert(submission)
    .values({ ...added, state: "held", attempts: 0, submittedAt: at, nextAttemptAt: at })
    .onConflictDoNothing()
    .returning({ id: submission.id })
    .get();
  if (inserted !== undefined) {
    append?.(tx, asEntry("final.submitted", added, { actor: added.analysisId }));
    append?.(tx, asEntry("final.held", added));
  }
  return "held";
}
