import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const moment = (name: string) => integer(name, { mode: "timestamp_ms" });

/** What each project has spent. Numbers are exact decimals. */
export const privacyBudget = sqliteTable("privacy_budget", {
  sequence: integer("sequence").primaryKey({ autoIncrement: true }),
  projectId: text("project_id").notNull().unique(),
  ownBudget: text("own_budget"),
  spent: text("spent").notNull().default("0"),
  releases: integer("releases").notNull().default(0),
  lastReleaseAt: moment("last_release_at"),
  changedAt: moment("changed_at"),
  changedBy: text("changed_by"),
  reason: text("reason"),
});

/** Every release. Spending is final, so rows stay even if their project is removed. */
export const privacyRelease = sqliteTable(
  "privacy_release",
  {
    id: text("id").primaryKey(),
    /** Null if the Hub could not be asked for the project. */
    projectId: text("project_id"),
    analysisId: text("analysis_id").notNull(),
    epsilon: text("epsilon").notNull(),
    state: text("state", { enum: ["reserved", "spent"] }).notNull(),
    /** When a reservation is returned. */
    reservedUntil: moment("reserved_until"),
    at: moment("at").notNull(),
  },
  (table) => [
    index("privacy_release_project").on(table.projectId, table.at),
    index("privacy_release_reserved").on(table.reservedUntil).where(sql`state = 'reserved'`),
    index("privacy_release_unassigned").on(table.analysisId).where(sql`project_id is null`),
  ],
);
