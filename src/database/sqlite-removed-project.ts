import { eq, sql } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { SqliteDatabase } from "./sqlite-connection.ts";

/** Projects whose data this node has removed for good. Rows stay for ever, because the Hub never reuses an id. */
export const removedProject = sqliteTable("removed_project", {
  projectId: text("project_id").primaryKey(),
  removedAt: integer("removed_at", { mode: "timestamp_ms" }).notNull().default(sql`(unixepoch() * 1000)`),
});

export function isRemoved(db: Pick<SqliteDatabase, "select">, projectId: string): boolean {
  return db.select().from(removedProject).where(eq(removedProject.projectId, projectId)).get() !== undefined;
}
