import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const moment = (name: string) => integer(name, { mode: "timestamp_ms" });

/**
 * Requests with an `Idempotency-Key`. A row without a status belongs to a request that is running or was interrupted.
 */
export const idempotencyKey = sqliteTable(
  "idempotency_key",
  {
    scopeHash: text("scope_hash").primaryKey(),
    resultId: text("result_id").notNull(),
    holder: text("holder").notNull(),
    leaseEndsAt: moment("lease_ends_at").notNull(),
    createdAt: moment("created_at").notNull(),
    status: integer("status"),
    body: text("body"),
    fingerprint: text("fingerprint"),
  },
  (table) => [index("idempotency_key_created_at").on(table.createdAt)],
);
