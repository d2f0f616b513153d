import { primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** SHA-256 of the local results that were stored while `LOCAL__DIGESTS` was on. */
export const objectDigest = sqliteTable(
  "object_digest",
  {
    projectId: text("project_id").notNull(),
    objectId: text("object_id").notNull(),
    sha256: text("sha256").notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.objectId] })],
);
