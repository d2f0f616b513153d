import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const recordEntry = sqliteTable(
  "record_entry",
  {
    /** The order of writing. */
    place: integer("place").primaryKey({ autoIncrement: true }),
    /** Prevents that a repeated append writes an entry twice. */
    id: text("id").unique(),
    /** Null until the row is sealed, like `hash`. */
    sequence: integer("sequence").unique(),
    hash: text("hash"),
    time: integer("time", { mode: "timestamp_ms" }).notNull(),
    event: text("event").notNull(),
    actor: text("actor"),
    analysisId: text("analysis_id"),
    projectId: text("project_id"),
    objectId: text("object_id"),
    peerNodeId: text("peer_node_id"),
    bytes: integer("bytes"),
    sha256: text("sha256"),
    requestId: text("request_id"),
    outcome: text("outcome").notNull(),
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
