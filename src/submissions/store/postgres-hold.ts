import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import { isRemoved, keepFromRemoval } from "../../database/postgres-removed-project.ts";
import type { AppendInPostgres } from "../../record/postgres-append.ts";
import { submission } from "./postgres-schema.ts";
import { asEntry } from "./submission-row.ts";
import type { NewSubmission } from "./submission-store.ts";

/** Adds a submission that operators must decide on, and its entries in the record. */
export function hold(db: BunSQLDatabase, added: NewSubmission, append: AppendInPostgres | undefined) {
  const { analysisId, projectId } = added;
  return db.transaction(async (tx) => {
    if (projectId !== undefined) {
      await keepFromRemoval(tx, projectId);
      if (await isRemoved(tx, projectId)) return "removed" as const;
    }
    const inserted = await tx
      .insert(submission)
      .values({ ...added, state: "held", attempts: 0 })
      .onConflictDoNothing()
      .returning({ id: submission.id });
    if (inserted.length > 0) {
      await append?.(tx, asEntry("final.submitted", added, { actor: analysisId }));
      await append?.(tx, asEntry("final.held", added));
    }
    return "held" as const;
  });
}
