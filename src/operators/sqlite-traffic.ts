import { gte, lt, sql } from "drizzle-orm";
import type { Sqlite } from "../database/sqlite-connection.ts";
import { traffic } from "./sqlite-schema.ts";
import type { TrafficStore } from "./traffic-store.ts";

export function createSqliteTraffic(sqlite: Sqlite): TrafficStore {
  return {
    add: (counted, keepFrom) =>
      sqlite.run((db) =>
        db.transaction(
          (tx) => {
            tx.delete(traffic).where(lt(traffic.hour, keepFrom)).run();
            tx.insert(traffic)
              .values([...counted])
              .onConflictDoUpdate({
                target: [traffic.hour, traffic.direction],
                set: {
                  files: sql`${traffic.files} + excluded.files`,
                  bytes: sql`${traffic.bytes} + excluded.bytes`,
                },
              })
              .run();
          },
          { behavior: "immediate" },
        ),
      ),
    readSince: (hour) => sqlite.run((db) => db.select().from(traffic).where(gte(traffic.hour, hour)).all()),
  };
}
