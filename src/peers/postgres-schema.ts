import { pgTable, timestamp, uuid, varchar } from "drizzle-orm/pg-core";

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

export const peer = pgTable("peer", {
  nodeId: uuid("node_id").primaryKey(),
  keySha256: varchar("key_sha256", { length: 64 }).notNull(),
  waitingKeySha256: varchar("waiting_key_sha256", { length: 64 }),
  framing: varchar("framing", { length: 16, enum: ["segmented", "single", "bound"] }),
  boundSince: moment("bound_since"),
  firstSeen: moment("first_seen").notNull(),
  lastSeen: moment("last_seen").notNull(),
});
