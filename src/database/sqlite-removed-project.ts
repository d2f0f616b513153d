import { eq, sql } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { SqliteDatabase } from "./sqlite-connection.ts";

/** Projects whose data was removed from this node for good. The Hub never uses an id again, so a row stays for ever. */
export const removedProject = sqliteTable("removed_project", {
  projectId: text("project_id").primaryKey(),
  removedAt: integer("removed_at", { mode: "timestamp_ms" }).notNull().default(sql`(unixepoch() * 1000)`),
});

export function isRemoved(db: Pick<SqliteDatabase, "select">, projectId: string): boolean {
  return db.select().from(removedProject).where(eq(removedProject.projectId, projectId)).get() !== undefined;
}
