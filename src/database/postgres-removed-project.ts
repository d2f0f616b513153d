import { eq, sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import { pgTable, timestamp, uuid } from "drizzle-orm/pg-core";

/** Projects whose data was removed from this node for good. The Hub never uses an id again, so a row stays for ever. */
export const removedProject = pgTable("removed_project", {
  projectId: uuid("project_id").primaryKey(),
  removedAt: timestamp("removed_at", { withTimezone: true }).notNull().defaultNow(),
});

type Transaction = Pick<BunSQLDatabase, "execute" | "insert" | "select">;

// Any number will do, as long as every version of this service takes the same one.
const projectLock = 7_046_031;

/**
 * Waits for a removal of the project that is under way, and keeps another one from beginning before this transaction ends.
 * Only a later statement sees what that removal has written: each has a snapshot of its own, taken when it begins.
 */
export async function keepFromRemoval(tx: Transaction, projectId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock_shared(${projectLock}, hashtext(${projectId}))`);
}

/** Waits for everybody who keeps the project from removal, so that the statements hereafter see all that they wrote. */
export async function waitForKeepers(tx: Pick<BunSQLDatabase, "execute">, projectId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${projectLock}, hashtext(${projectId}))`);
}

export async function noteRemoval(tx: Transaction, projectId: string): Promise<void> {
  await waitForKeepers(tx, projectId);
  await tx.insert(removedProject).values({ projectId }).onConflictDoNothing();
}

export async function isRemoved(db: Transaction, projectId: string): Promise<boolean> {
  const rows = await db.select().from(removedProject).where(eq(removedProject.projectId, projectId));
  return rows.length > 0;
}
