import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const moment = (name: string) => integer(name, { mode: "timestamp_ms" });

export const submission = sqliteTable(
  "submission",
  {
    /** The order they came in. */
    sequence: integer("sequence").primaryKey({ autoIncrement: true }),
    id: text("id").notNull().unique(),
    analysisId: text("analysis_id").notNull(),
    /** Null if the Hub was unreachable when the submission came in. */
    projectId: text("project_id"),
    filename: text("filename").notNull(),
    contentType: text("content_type").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    sha256: text("sha256").notNull(),
    state: text("state", { enum: ["held", "queued", "delivering", "delivered", "rejected"] }).notNull(),
    /** The operators' decision on a held submission; null until they decide, and if none is needed. */
    verdict: text("verdict", { enum: ["approved", "declined"] }),
    attempts: integer("attempts").notNull(),
    nextAttemptAt: moment("next_attempt_at").notNull(),
    isFixed: integer("is_fixed", { mode: "boolean" }).notNull().default(false),
    lastError: text("last_error"),
    leaseHolder: text("lease_holder"),
    leaseUntil: moment("lease_until"),
    /** When the first attempt failed; null before that. An operator's retry resets it. */
    failingSince: moment("failing_since"),
    submittedAt: moment("submitted_at").notNull(),
    endedAt: moment("ended_at"),
  },
  (table) => [
    index("submission_pending").on(table.analysisId, table.sequence).where(sql`state in ('queued', 'delivering')`),
    index("submission_waiting").on(table.sequence).where(sql`state in ('queued', 'delivering')`),
    index("submission_state").on(table.state, table.sequence),
    index("submission_analysis_id").on(table.analysisId, table.sequence),
    index("submission_held").on(table.sequence).where(sql`state = 'held' or verdict is not null`),
    index("submission_ended_at").on(table.endedAt),
    index("submission_project_id").on(table.projectId),
  ],
);
