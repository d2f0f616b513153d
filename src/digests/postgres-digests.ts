import { and, eq, inArray } from "drizzle-orm";
import type { Postgres } from "../database/postgres-connection.ts";
import type { DigestStore } from "./digest-store.ts";
import { objectDigest as table } from "./postgres-schema.ts";

export function createPostgresDigests(postgres: Postgres): DigestStore {
  return {
    set: (projectId, objectId, sha256) =>
      postgres.run(async (db) => {
        const target = [table.projectId, table.objectId];
        const row = { projectId, objectId, sha256 };
        await db.insert(table).values(row).onConflictDoUpdate({ target, set: { sha256 } });
      }),
    find: (projectId, objectId) =>
      postgres.run(async (db) => {
        const [row] = await db.select({ sha256: table.sha256 }).from(table).where(isObject(projectId, objectId));
        return row?.sha256;
      }),
    remove: (projectId, objectId) =>
      postgres.run(async (db) => {
        await db.delete(table).where(isObject(projectId, objectId));
      }),
    async forget(projectIds) {
      if (projectIds.length === 0) return 0;
      return postgres.run(async (db) => {
        const gone = db.delete(table).where(inArray(table.projectId, [...projectIds]));
        return (await gone.returning({ objectId: table.objectId })).length;
      });
    },
  };
}

function isObject(projectId: string, objectId: string) {
  return and(eq(table.projectId, projectId), eq(table.objectId, objectId));
}
