import { index, integer, pgTable, text, timestamp, uuid, varchar } from "drizzle-orm/pg-core";

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/**
 * Requests with an `Idempotency-Key`. A row without a status belongs to a request that is running or was interrupted.
 */
export const idempotencyKey = pgTable(
  "idempotency_key",
  {
    scopeHash: varchar("scope_hash", { length: 64 }).primaryKey(),
    resultId: uuid("result_id").notNull(),
    holder: uuid("holder").notNull(),
    leaseEndsAt: moment("lease_ends_at").notNull(),
    createdAt: moment("created_at").notNull(),
    status: integer("status"),
    body: text("body"),
    fingerprint: text("fingerprint"),
  },
  (table) => [index("idempotency_key_created_at").on(table.createdAt)],
);
