import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  index,
  integer,
  pgTable,
  text,
  timestamp,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";

export const submission = pgTable(
  "submission",
  {
    /** The order they came in. */
    sequence: bigserial("sequence", { mode: "number" }).primaryKey(),
    id: uuid("id").notNull().unique(),
    analysisId: uuid("analysis_id").notNull(),
    /** Null if the Hub was unreachable when the submission came in. */
    projectId: uuid("project_id"),
    filename: varchar("filename", { length: 255 }).notNull(),
    contentType: varchar("content_type", { length: 255 }).notNull(),
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    sha256: varchar("sha256", { length: 64 }).notNull(),
    state: varchar("state", { length: 16, enum: ["held", "queued", "delivering", "delivered", "rejected"] }).notNull(),
    /** The operators' decision on a held submission; null until they decide, and if none is needed. */
    verdict: varchar("verdict", { length: 16, enum: ["approved", "declined"] }),
    attempts: integer("attempts").notNull(),
    nextAttemptAt: timestamp("next_attempt_at", { withTimezone: true }).notNull().defaultNow(),
    isFixed: boolean("is_fixed").notNull().default(false),
    lastError: text("last_error"),
    leaseHolder: varchar("lease_holder", { length: 64 }),
    leaseUntil: timestamp("lease_until", { withTimezone: true }),
    /** When the first attempt failed; null before that. An operator's retry resets it. */
    failingSince: timestamp("failing_since", { withTimezone: true }),
    submittedAt: timestamp("submitted_at", { withTimezone: true }).notNull().defaultNow(),
    endedAt: timestamp("ended_at", { withTimezone: true }),
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
