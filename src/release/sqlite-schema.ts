import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Operators' decisions on held final results. A row outlives its submission; the removal of its project deletes it. */
export const releaseDecision = sqliteTable(
  "release_decision",
  {
    sequence: integer("sequence").primaryKey({ autoIncrement: true }),
    submissionId: text("submission_id").notNull(),
    analysisId: text("analysis_id").notNull(),
    projectId: text("project_id"),
    filename: text("filename").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    sha256: text("sha256").notNull(),
    decision: text("decision", { enum: ["approved", "declined", "expired"] }).notNull(),
    reviewer: text("reviewer").notNull(),
    /** The token's subject, which distinguishes two people of the same name. */
    subject: text("subject").notNull(),
    reason: text("reason"),
    decidedAt: integer("decided_at", { mode: "timestamp_ms" }).notNull(),
  },
  (table) => [
    index("release_decision_submission_id").on(table.submissionId),
    index("release_decision_project_id").on(table.projectId, table.sequence),
    index("release_decision_analysis_id").on(table.analysisId, table.sequence),
    index("release_decision_sha256").on(table.sha256),
  ],
);
