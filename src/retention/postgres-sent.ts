import { asc, eq, lt, sql } from "drizzle-orm";
import type { Postgres } from "../database/postgres-connection.ts";
import { type Passed, steadyClock } from "./postgres-clock.ts";
import { sentIntermediate } from "./postgres-schema.ts";
import type { SentIntermediates } from "./sent-intermediates.ts";

export function createPostgresSent(postgres: Postgres, passed: Passed): SentIntermediates {
  const { objectId, analysisId, sentAt, attempts } = sentIntermediate;
  return {
    add: (sent) =>
      postgres.run(async (db) => {
        const row = { ...sent, sentAt: steadyClock(passed) };
        await db.insert(sentIntermediate).values(row).onConflictDoNothing();
      }),
    listOld: (before, limit) =>
      postgres.run((db) =>
        db
          .select({ objectId, analysisId, attempts })
          .from(sentIntermediate)
          .where(lt(sentAt, before))
          .orderBy(asc(attempts), asc(sentAt))
          .limit(limit),
      ),
    noteAttempt: (id) =>
      postgres.run(async (db) => {
        await db
          .update(sentIntermediate)
          .set({ attempts: sql`${attempts} + 1` })
          .where(eq(objectId, id));
      }),
    remove: (id) =>
      postgres.run(async (db) => {
        await db.delete(sentIntermediate).where(eq(objectId, id));
      }),
  };
}
