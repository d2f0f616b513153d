import { sql } from "drizzle-orm";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import type { OperatorStore } from "../../src/operators/operator-store.ts";
import { createPostgresOperators } from "../../src/operators/postgres-operators.ts";
import { createSqliteOperators } from "../../src/operators/sqlite-operators.ts";
import { createPostgresRecord } from "../../src/record/postgres-record.ts";
import type { RecordStore } from "../../src/record/record-store.ts";
import { createSqliteRecord } from "../../src/record/sqlite-record.ts";
import type { TestService } from "./service.ts";

/** The database of a running service, as another process of it, or an operator's own program, has it. */
export interface Beside {
  readonly record: RecordStore;
  readonly operators: OperatorStore;
  execute(statement: string): Promise<void>;
  /** Lets links and sessions get older. */
  age(table: "operator_ticket" | "operator_session", column: "seen_at" | "ends_at", minutes: number): Promise<void>;
  close(): Promise<void>;
}

export function openBeside({ dataDir, environment }: Pick<TestService, "dataDir" | "environment">): Beside {
  if (dataDir !== undefined) {
    const sqlite = openSqlite(`${dataDir}/catalog.sqlite`);
    const execute = (statement: string) => sqlite.run((db) => void db.run(sql.raw(statement)));
    return {
      record: createSqliteRecord(sqlite, Date.now),
      operators: createSqliteOperators(sqlite, Date.now, undefined),
      execute,
      age: (table, column, minutes) => execute(`update ${table} set ${column} = ${column} - ${minutes * 60_000}`),
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
  const execute = (statement: string) => postgres.run(async (db) => void (await db.execute(sql.raw(statement))));
  return {
    record: createPostgresRecord(postgres),
    operators: createPostgresOperators(postgres, undefined),
    execute,
    age: (table, column, minutes) =>
      execute(`update ${table} set ${column} = ${column} - interval '${minutes} minutes'`),
    close: postgres.close,
  };
}
