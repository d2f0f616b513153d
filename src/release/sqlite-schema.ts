import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What operators have decided on finals that were held. It stays when the submission is forgotten, and goes with its project. */
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
    /** Tells two people of the same name apart. */
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
