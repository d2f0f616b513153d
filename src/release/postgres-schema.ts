import { bigint, bigserial, index, pgTable, text, timestamp, uuid, varchar } from "drizzle-orm/pg-core";

/** Operators' decisions on held final results. A row outlives its submission; the removal of its project deletes it. */
export const releaseDecision = pgTable(
  "release_decision",
  {
    sequence: bigserial("sequence", { mode: "number" }).primaryKey(),
    submissionId: uuid("submission_id").notNull(),
    analysisId: uuid("analysis_id").notNull(),
    projectId: uuid("project_id"),
    filename: varchar("filename", { length: 255 }).notNull(),
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    sha256: varchar("sha256", { length: 64 }).notNull(),
    decision: varchar("decision", { length: 16, enum: ["approved", "declined", "expired"] }).notNull(),
    reviewer: text("reviewer").notNull(),
    /** The token's subject, which distinguishes two people of the same name. */
    subject: text("subject").notNull(),
    reason: text("reason"),
    decidedAt: timestamp("decided_at", { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    index("release_decision_submission_id").on(table.submissionId),
    index("release_decision_project_id").on(table.projectId, table.sequence),
    index("release_decision_analysis_id").on(table.analysisId, table.sequence),
    index("release_decision_sha256").on(table.sha256),
  ],
);
