import { eq } from "drizzle-orm";
import type { SqliteDatabase } from "../database/sqlite-connection.ts";
import { retentionState } from "./sqlite-schema.ts";

/** The time on the clock that never jumps, never earlier than its last reading. `now`: milliseconds since the epoch. */
export function steadyClock(db: Pick<SqliteDatabase, "select">, now: () => number): Date {
  const { clockAt, aheadMs } = retentionState;
  const row = db.select({ clockAt, aheadMs }).from(retentionState).where(eq(retentionState.id, 1)).get();
  return new Date(Math.max(now(), row?.clockAt?.getTime() ?? 0) - (row?.aheadMs ?? 0));
}
