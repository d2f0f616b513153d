import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

const moment = (name: string) => integer(name, { mode: "timestamp_ms" });

/** Unused one-time links of `flame-result console`. */
export const operatorTicket = sqliteTable("operator_ticket", {
  ticketHash: text("ticket_hash").primaryKey(),
  name: text("name").notNull(),
  endsAt: moment("ends_at").notNull(),
});

export const operatorSession = sqliteTable(
  "operator_session",
  {
    tokenHash: text("token_hash").primaryKey(),
    name: text("name").notNull(),
    subject: text("subject"),
    kind: text("kind", { enum: ["console", "oidc"] }).notNull(),
    seenAt: moment("seen_at").notNull(),
    endsAt: moment("ends_at").notNull(),
  },
  (table) => [index("operator_session_ends_at").on(table.endsAt)],
);

/** Files and bytes per hour, for the plots of the operators' page. */
export const traffic = sqliteTable(
  "traffic",
  {
    hour: moment("hour").notNull(),
    direction: text("direction", { enum: ["in", "out", "stored"] }).notNull(),
    files: integer("files").notNull(),
    bytes: integer("bytes").notNull(),
  },
  (table) => [primaryKey({ columns: [table.hour, table.direction] })],
);
