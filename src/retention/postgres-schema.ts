import { sql } from "drizzle-orm";
import { bigint, boolean, date, index, integer, pgTable, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const count = (name: string) => bigint(name, { mode: "number" }).notNull().default(0);

/** The objects in the object store. The service keeps this table only while a rule or a quota needs it. */
export const storedObject = pgTable(
  "stored_object",
  {
    projectId: uuid("project_id").notNull(),
    objectId: uuid("object_id").notNull(),
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    /** On the clock that never jumps. */
    storedAt: moment("stored_at").notNull(),
    /** When the object expired. From then on nobody can tag it, and a sweep removes its file. */
    expiredAt: moment("expired_at"),
    /** Whether the expired object's file is removed. The row stays for a while, so that a late request to tag it fails. */
    isRemoved: boolean("is_removed").notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.projectId, table.objectId] }),
    index("stored_object_expired").on(table.expiredAt).where(sql`expired_at is not null`),
  ],
);

/** The sums of each project's objects, without expired ones. */
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

/** Bytes that running uploads have reserved. */
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
