import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const recordEntry = sqliteTable(
  "record_entry",
  {
    /** The order of writing. */
    place: integer("place").primaryKey({ autoIncrement: true }),
    /** Only so that nothing is written twice. */
    id: text("id").unique(),
    /** These two are given when the row is sealed. */
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
    // For the lists. Only of sealed rows: writing a row does not wait for them.
    index("record_entry_event").on(table.event, table.sequence).where(sql`sequence is not null`),
    index("record_entry_project").on(table.projectId, table.sequence).where(sql`sequence is not null`),
    index("record_entry_analysis").on(table.analysisId, table.sequence).where(sql`sequence is not null`),
    index("record_entry_time").on(table.time, table.sequence).where(sql`sequence is not null`),
  ],
);
