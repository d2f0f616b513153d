import { sql } from "drizzle-orm";
import { bigint, boolean, date, index, integer, pgTable, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const count = (name: string) => bigint(name, { mode: "number" }).notNull().default(0);

/** What lies in the object store; only kept while a rule or a quota needs it. */
export const storedObject = pgTable(
  "stored_object",
  {
    projectId: uuid("project_id").notNull(),
    objectId: uuid("object_id").notNull(),
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    /** On the clock that never jumps. */
    storedAt: moment("stored_at").notNull(),
    /** From then on it must not be tagged any more, and its file is removed. */
    expiredAt: moment("expired_at"),
    /** Whether the file of an expired one is removed; the row stays a while, for whoever is just about to tag it. */
    isRemoved: boolean("is_removed").notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.projectId, table.objectId] }),
    index("stored_object_expired").on(table.expiredAt).where(sql`expired_at is not null`),
  ],
);

/** The sums of those that are not expired. */
export const projectUsage = pgTable("project_usage", {
  projectId: uuid("project_id").primaryKey(),
  bytes: count("bytes"),
  objects: count("objects"),
});

/** How much the node held at the end of each day. */
export const dailyUsage = pgTable("daily_usage", {
  day: date("day", { mode: "string" }).primaryKey(),
  bytes: bigint("bytes", { mode: "number" }).notNull(),
  objects: bigint("objects", { mode: "number" }).notNull(),
});

/** Room that uploads have been promised and not filled yet. */
export const reservation = pgTable("usage_reservation", {
  id: uuid("id").primaryKey(),
  projectId: uuid("project_id").notNull(),
  bytes: bigint("bytes", { mode: "number" }).notNull(),
  holder: uuid("holder").notNull(),
  renewedAt: moment("renewed_at").notNull(),
});

/** A single row. */
export const retentionState = pgTable("retention_state", {
  id: integer("id").primaryKey(),
  leaseHolder: uuid("lease_holder"),
  leaseUntil: moment("lease_until"),
  /** When the clock was read last. */
  clockAt: moment("clock_at"),
  /** How far the machine's clock is ahead of the one that never jumps. */
  aheadMs: count("ahead_ms"),
  /** Part of it that may have been time in which nothing ran, and is believed after a day. */
  unprovenMs: count("unproven_ms"),
  provenForMs: count("proven_for_ms"),
  /** The rules that hold since then. */
  rules: text("rules"),
  rulesSince: moment("rules_since"),
  sweptAt: moment("swept_at"),
  /** How far the listing of the object store has come; null between two of them. */
  listingCursor: text("listing_cursor"),
  listedObjects: count("listed_objects"),
  /** The end of the last listing that went through. */
  listedAt: moment("listed_at"),
});

/** Intermediates of this node's analyses that lie at the Hub. */
export const sentIntermediate = pgTable(
  "sent_intermediate",
  {
    objectId: text("object_id").primaryKey(),
    analysisId: text("analysis_id").notNull(),
    sentAt: moment("sent_at").notNull(),
    attempts: integer("attempts").notNull().default(0),
  },
  (table) => [index("sent_intermediate_sent_at").on(table.sentAt)],
);
