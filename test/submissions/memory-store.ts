import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import type { SubmissionStore } from "../../src/submissions/store/submission-store.ts";

/** A queue of its own that is gone when nobody holds it any more; ready in a millisecond. */
export async function openMemoryStore(now: () => number = Date.now): Promise<SubmissionStore> {
  const sqlite = openSqlite(":memory:");
  await migrateSqlite(sqlite);
  return createSqliteSubmissions(sqlite, now);
}
