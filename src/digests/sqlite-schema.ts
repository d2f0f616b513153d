import { primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What stored local results hash to, since `LOCAL__DIGESTS` is on. */
export const objectDigest = sqliteTable(
  "object_digest",
  {
    projectId: text("project_id").notNull(),
    objectId: text("object_id").notNull(),
    sha256: text("sha256").notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.objectId] })],
);
