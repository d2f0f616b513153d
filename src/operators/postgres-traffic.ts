import { gte, lt, sql } from "drizzle-orm";
import type { Postgres } from "../database/postgres-connection.ts";
import { traffic } from "./postgres-schema.ts";
import type { TrafficStore } from "./traffic-store.ts";

export function createPostgresTraffic(postgres: Postgres): TrafficStore {
  return {
    add: (counted, keepFrom) =>
      postgres.run(
        (db) =>
          db.transaction(async (tx) => {
            await tx.delete(traffic).where(lt(traffic.hour, keepFrom));
            await tx
              .insert(traffic)
              .values([...counted])
              .onConflictDoUpdate({
                target: [traffic.hour, traffic.direction],
                set: {
                  files: sql`${traffic.files} + excluded.files`,
                  bytes: sql`${traffic.bytes} + excluded.bytes`,
                },
              });
          }),
        { repeatable: false },
      ),
    readSince: (hour) => postgres.run((db) => db.select().from(traffic).where(gte(traffic.hour, hour))),
  };
}
