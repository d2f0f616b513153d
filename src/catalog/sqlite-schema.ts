import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

export const tag = sqliteTable(
  "tag",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    tagName: text("tag_name").notNull(),
    projectId: text("project_id").notNull(),
  },
  (table) => [
    uniqueIndex("tag_tag_name_project_id").on(table.tagName, table.projectId),
    index("tag_project_id").on(table.projectId),
  ],
);

export const result = sqliteTable(
  "result",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    clientId: text("client_id").notNull(),
    objectId: text("object_id").notNull(),
    filename: text("filename").notNull(),
  },
  (table) => [
    uniqueIndex("result_client_id_object_id").on(table.clientId, table.objectId),
    index("result_object_id").on(table.objectId),
  ],
);

export const taggedResult = sqliteTable(
  "taggedresult",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    tagId: integer("tag_id")
      .notNull()
      .references(() => tag.id, { onDelete: "cascade" }),
    resultId: integer("result_id")
      .notNull()
      .references(() => result.id, { onDelete: "cascade" }),
  },
  (table) => [index("taggedresult_tag_id").on(table.tagId), index("taggedresult_result_id").on(table.resultId)],
);
