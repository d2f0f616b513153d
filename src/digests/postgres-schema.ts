import { pgTable, primaryKey, uuid, varchar } from "drizzle-orm/pg-core";

/** SHA-256 of the local results that were stored while `LOCAL__DIGESTS` was on. */
export const objectDigest = pgTable(
  "object_digest",
  {
    projectId: uuid("project_id").notNull(),
    objectId: uuid("object_id").notNull(),
    sha256: varchar("sha256", { length: 64 }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.objectId] })],
);
