import { foreignKey, index, integer, pgTable, serial, uniqueIndex, uuid, varchar } from "drizzle-orm/pg-core";

export const tag = pgTable(
  "tag",
  {
    id: serial("id").primaryKey(),
    tagName: varchar("tag_name", { length: 255 }).notNull(),
    projectId: varchar("project_id", { length: 255 }).notNull(),
  },
  (table) => [
    uniqueIndex("tag_tag_name_project_id").on(table.tagName, table.projectId),
    index("tag_project_id").on(table.projectId),
  ],
);

export const result = pgTable(
  "result",
  {
    id: serial("id").primaryKey(),
    clientId: varchar("client_id", { length: 255 }).notNull(),
    objectId: uuid("object_id").notNull(),
    filename: varchar("filename", { length: 255 }).notNull(),
  },
  (table) => [
    uniqueIndex("result_client_id_object_id").on(table.clientId, table.objectId),
    index("result_object_id").on(table.objectId),
  ],
);

/** No constraint makes a pair unique: older services wrote duplicates in races, and those rows are kept. */
export const taggedResult = pgTable(
  "taggedresult",
  {
    id: serial("id").primaryKey(),
    tagId: integer("tag_id").notNull(),
    resultId: integer("result_id").notNull(),
  },
  (table) => [
    foreignKey({ name: "taggedresult_tag_id_fkey", columns: [table.tagId], foreignColumns: [tag.id] }).onDelete(
      "cascade",
    ),
    foreignKey({
      name: "taggedresult_result_id_fkey",
      columns: [table.resultId],
      foreignColumns: [result.id],
    }).onDelete("cascade"),
    index("taggedresult_tag_id").on(table.tagId),
    index("taggedresult_result_id").on(table.resultId),
  ],
);
