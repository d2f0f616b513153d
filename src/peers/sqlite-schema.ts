import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const moment = (name: string) => integer(name, { mode: "timestamp_ms" });

export const peer = sqliteTable("peer", {
  nodeId: text("node_id").primaryKey(),
  keySha256: text("key_sha256").notNull(),
  waitingKeySha256: text("waiting_key_sha256"),
  framing: text("framing", { enum: ["segmented", "single", "bound"] }),
  boundSince: moment("bound_since"),
  firstSeen: moment("first_seen").notNull(),
  lastSeen: moment("last_seen").notNull(),
});
