import { eq, sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import { pgTable, timestamp, uuid } from "drizzle-orm/pg-core";

/** Projects whose data this node has removed for good. Rows stay for ever, because the Hub never reuses an id. */
export const removedProject = pgTable("removed_project", {
  projectId: uuid("project_id").primaryKey(),
  removedAt: timestamp("removed_at", { withTimezone: true }).notNull().defaultNow(),
});

type Transaction = Pick<BunSQLDatabase, "execute" | "insert" | "select">;

// An arbitrary number, but the same in every version of this service.
const projectLock = 7_046_031;

/**
 * Waits for a running removal of the project, and blocks other removals until this transaction ends. Only later
 * statements see what that removal wrote, because each statement takes its own snapshot when it begins.
 */
export async function keepFromRemoval(tx: Transaction, projectId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock_shared(${projectLock}, hashtext(${projectId}))`);
}

/** Waits for all transactions that called `keepFromRemoval` for the project. Later statements see what those wrote. */
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
