import { asc, eq, lt, sql } from "drizzle-orm";
import type { Sqlite } from "../database/sqlite-connection.ts";
import type { SentIntermediates } from "./sent-intermediates.ts";
import { steadyClock } from "./sqlite-clock.ts";
import { sentIntermediate } from "./sqlite-schema.ts";

export function createSqliteSent(sqlite: Sqlite, now: () => number): SentIntermediates {
  const { objectId, analysisId, sentAt, attempts } = sentIntermediate;
  return {
    add: (sent) =>
      sqlite.run((db) => {
        const row = { ...sent, sentAt: steadyClock(db, now) };
        db.insert(sentIntermediate).values(row).onConflictDoNothing().run();
      }),
    listOld: (before, limit) =>
      sqlite.run((db) =>
        db
          .select({ objectId, analysisId, attempts })
          .from(sentIntermediate)
          .where(lt(sentAt, before))
          .orderBy(asc(attempts), asc(sentAt))
          .limit(limit)
          .all(),
      ),
    noteAttempt: (id) =>
      sqlite.run(
        (db) =>
          void db
            .update(sentIntermediate)
            .set({ attempts: sql`${attempts} + 1` })
            .where(eq(objectId, id))
            .run(),
      ),
    remove: (id) => sqlite.run((db) => void db.delete(sentIntermediate).where(eq(objectId, id)).run()),
  };
}
