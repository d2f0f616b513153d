import { join } from "node:path";
import { sql } from "drizzle-orm";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { idempotencyKey as postgresTable } from "../../src/idempotency/postgres-schema.ts";
import { idempotencyKey as sqliteTable } from "../../src/idempotency/sqlite-schema.ts";
import { createDirectoryObjectStore } from "../../src/objects/directory/directory-object-store.ts";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { createTestLog } from "../support/log.ts";
import type { TestService } from "../support/service.ts";

/** What a service keeps, seen from outside. */
export async function openKeys({ dataDir, environment, bucket }: TestService) {
  const objects =
    bucket === undefined
      ? createDirectoryObjectStore({ root: join(dataDir ?? "", "objects") })
      : createS3ObjectStore({ ...bucket, log: createTestLog().log });
  const keys = async () => (await Array.fromAsync(objects.list("local/"))).sort();
  if (dataDir !== undefined) {
    const sqlite = openSqlite(join(dataDir, "catalog.sqlite"));
    return {
      objects: keys,
      rows: () => sqlite.run((db) => db.select().from(sqliteTable).all()),
      execute: (statement: string) => sqlite.run((db) => void db.run(sql.raw(statement))),
      close: sqlite.close,
    };
  }
  const postgres = openPostgres({
    host: environment.POSTGRES__HOST ?? "",
    port: Number(environment.POSTGRES__PORT),
    user: environment.POSTGRES__USER ?? "",
    password: environment.POSTGRES__PASSWORD ?? "",
    database: environment.POSTGRES__DB ?? "",
    maxConnections: 1,
  });
  return {
    objects: keys,
    rows: () => postgres.run((db) => db.select().from(postgresTable)),
    execute: (statement: string) => postgres.run(async (db) => void (await db.execute(sql.raw(statement)))),
    close: postgres.close,
  };
}
