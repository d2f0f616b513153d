import { and, eq, inArray } from "drizzle-orm";
import type { Sqlite } from "../database/sqlite-connection.ts";
import type { DigestStore } from "./digest-store.ts";
import { objectDigest as table } from "./sqlite-schema.ts";

export function createSqliteDigests(sqlite: Sqlite): DigestStore {
  return {
    set: (projectId, objectId, sha256) =>
      sqlite.run((db) => {
        const target = [table.projectId, table.objectId];
        db.insert(table).values({ projectId, objectId, sha256 }).onConflictDoUpdate({ target, set: { sha256 } }).run();
      }),
    find: (projectId, objectId) =>
      sqlite.run((db) => {
        return db.select({ sha256: table.sha256 }).from(table).where(isObject(projectId, objectId)).get()?.sha256;
      }),
    remove: (projectId, objectId) =>
      sqlite.run((db) => {
        db.delete(table).where(isObject(projectId, objectId)).run();
      }),
    async forget(projectIds) {
      if (projectIds.length === 0) return 0;
      return sqlite.run((db) => {
        const gone = db.delete(table).where(inArray(table.projectId, [...projectIds]));
        return gone.returning({ objectId: table.objectId }).all().length;
      });
    },
  };
}

function isObject(projectId: string, objectId: string) {
  return and(eq(table.projectId, projectId), eq(table.objectId, objectId));
}
