import { pgTable, primaryKey, uuid, varchar } from "drizzle-orm/pg-core";

/** What stored local results hash to, since `LOCAL__DIGESTS` is on. */
export const objectDigest = pgTable(
  "object_digest",
  {
    projectId: uuid("project_id").notNull(),
    objectId: uuid("object_id").notNull(),
    sha256: varchar("sha256", { length: 64 }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.objectId] })],
);
