import { sql } from "drizzle-orm";
import { bigint, bigserial, index, pgTable, text, timestamp, uuid, varchar } from "drizzle-orm/pg-core";

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** What each project has spent. Charging a project locks its row. Numbers are exact decimals. */
export const privacyBudget = pgTable("privacy_budget", {
  sequence: bigserial("sequence", { mode: "number" }).primaryKey(),
  projectId: uuid("project_id").notNull().unique(),
  ownBudget: text("own_budget"),
  spent: text("spent").notNull().default("0"),
  releases: bigint("releases", { mode: "number" }).notNull().default(0),
  lastReleaseAt: moment("last_release_at"),
  changedAt: moment("changed_at"),
  changedBy: text("changed_by"),
  reason: text("reason"),
});

/** Every release. Spending is final, so rows stay even if their project is removed. */
export const privacyRelease = pgTable(
  "privacy_release",
  {
    id: uuid("id").primaryKey(),
    /** Null if the Hub could not be asked for the project. */
    projectId: uuid("project_id"),
    analysisId: text("analysis_id").notNull(),
    epsilon: text("epsilon").notNull(),
    state: varchar("state", { length: 16, enum: ["reserved", "spent"] }).notNull(),
    /** When a reservation is returned. */
    reservedUntil: moment("reserved_until"),
    at: moment("at").notNull().defaultNow(),
  },
  (table) => [
    index("privacy_release_project").on(table.projectId, table.at),
    index("privacy_release_reserved").on(table.reservedUntil).where(sql`state = 'reserved'`),
    index("privacy_release_unassigned").on(table.analysisId).where(sql`project_id is null`),
  ],
);
