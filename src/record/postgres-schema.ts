import { sql } from "drizzle-orm";
import { bigint, bigserial, index, pgTable, text, timestamp, uuid, varchar } from "drizzle-orm/pg-core";

export const recordEntry = pgTable(
  "record_entry",
  {
    /** The order of writing. It may have gaps, because a transaction that is rolled back leaves one. */
    place: bigserial("place", { mode: "number" }).primaryKey(),
    /** Prevents that a repeated append writes an entry twice. */
    id: uuid("id").unique(),
    /** Null until the row is sealed, like `hash`. */
    sequence: bigint("sequence", { mode: "number" }).unique(),
    hash: varchar("hash", { length: 64 }),
    /** Only milliseconds, so that the time reads back exactly as it was hashed. */
    time: timestamp("time", { withTimezone: true, precision: 3 }).notNull().default(sql`clock_timestamp()`),
    event: varchar("event", { length: 32 }).notNull(),
    actor: text("actor"),
    analysisId: text("analysis_id"),
    projectId: text("project_id"),
    objectId: text("object_id"),
    peerNodeId: text("peer_node_id"),
    bytes: bigint("bytes", { mode: "number" }),
    sha256: text("sha256"),
    requestId: text("request_id"),
    outcome: varchar("outcome", { length: 16 }).notNull(),
  },
  (table) => [
    index("record_entry_unsealed").on(table.place).where(sql`sequence is null`),
    // For the lists. They cover sealed rows only, so that writing a row does not have to update them.
    index("record_entry_event").on(table.event, table.sequence).where(sql`sequence is not null`),
    index("record_entry_project").on(table.projectId, table.sequence).where(sql`sequence is not null`),
    index("record_entry_analysis").on(table.analysisId, table.sequence).where(sql`sequence is not null`),
    index("record_entry_time").on(table.time, table.sequence).where(sql`sequence is not null`),
  ],
);
