import { bigint, index, pgTable, primaryKey, text, timestamp, varchar } from "drizzle-orm/pg-core";

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** Unused one-time links of `flame-result console`. */
export const operatorTicket = pgTable("operator_ticket", {
  ticketHash: varchar("ticket_hash", { length: 64 }).primaryKey(),
  name: text("name").notNull(),
  endsAt: moment("ends_at").notNull(),
});

export const operatorSession = pgTable(
  "operator_session",
  {
    tokenHash: varchar("token_hash", { length: 64 }).primaryKey(),
    name: text("name").notNull(),
    subject: text("subject"),
    kind: varchar("kind", { length: 16, enum: ["console", "oidc"] }).notNull(),
    seenAt: moment("seen_at").notNull(),
    endsAt: moment("ends_at").notNull(),
  },
  (table) => [index("operator_session_ends_at").on(table.endsAt)],
);

/** Files and bytes per hour, for the plots of the operators' page. */
export const traffic = pgTable(
  "traffic",
  {
    hour: moment("hour").notNull(),
    direction: varchar("direction", { length: 8, enum: ["in", "out", "stored"] }).notNull(),
    files: bigint("files", { mode: "number" }).notNull(),
    bytes: bigint("bytes", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.hour, table.direction] })],
);
