import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

const moment = (name: string) => integer(name, { mode: "timestamp_ms" });
const count = (name: string) => integer(name).notNull().default(0);

/** The objects in the object store. The service keeps this table only while a rule or a quota needs it. */
export const storedObject = sqliteTable(
  "stored_object",
  {
    projectId: text("project_id").notNull(),
    objectId: text("object_id").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    /** On the clock that never jumps. */
    storedAt: moment("stored_at").notNull(),
    /** When the object expired. From then on nobody can tag it, and a sweep removes its file. */
    expiredAt: moment("expired_at"),
    /** Whether the expired object's file is removed. The row stays for a while, so that a late request to tag it fails. */
    isRemoved: integer("is_removed", { mode: "boolean" }).notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.projectId, table.objectId] }),
    index("stored_object_expired").on(table.expiredAt).where(sql`expired_at is not null`),
  ],
);

/** The sums of each project's objects, without expired ones. */
export const projectUsage = sqliteTable("project_usage", {
  projectId: text("project_id").primaryKey(),
  bytes: count("bytes"),
  objects: count("objects"),
});

/** How much the node held at the end of each day. */
export const dailyUsage = sqliteTable("daily_usage", {
  day: text("day").primaryKey(),
  bytes: integer("bytes").notNull(),
  objects: integer("objects").notNull(),
});

/** Bytes that running uploads have reserved. */
export const reservation = sqliteTable("usage_reservation", {
  id: text("id").primaryKey(),
  projectId: text("project_id").notNull(),
  bytes: integer("bytes").notNull(),
  holder: text("holder").notNull(),
  renewedAt: moment("renewed_at").notNull(),
});

/** A single row. */
export const retentionState = sqliteTable("retention_state", {
  id: integer("id").primaryKey(),
  leaseHolder: text("lease_holder"),
  leaseUntil: moment("lease_until"),
  /** The last reading of the machine's clock. */
  clockAt: moment("clock_at"),
  /** How far the machine's clock is ahead of the clock that never jumps. */
  aheadMs: count("ahead_ms"),
  /** The part of `aheadMs` that may have been real time in which nothing ran. It is believed after a day. */
  unprovenMs: count("unproven_ms"),
  provenForMs: count("proven_for_ms"),
  /** The rules in force since `rulesSince`. */
  rules: text("rules"),
  rulesSince: moment("rules_since"),
  sweptAt: moment("swept_at"),
  /** How far the current listing of the object store has come; null between two listings. */
  listingCursor: text("listing_cursor"),
  listedObjects: count("listed_objects"),
  /** The end of the last complete listing. */
  listedAt: moment("listed_at"),
});

/** Intermediates that this node's analyses sent and that are still on the Hub. */
export const sentIntermediate = sqliteTable(
  "sent_intermediate",
  {
    objectId: text("object_id").primaryKey(),
    analysisId: text("analysis_id").notNull(),
    sentAt: moment("sent_at").notNull(),
    attempts: integer("attempts").notNull().default(0),
  },
  (table) => [index("sent_intermediate_sent_at").on(table.sentAt)],
);
