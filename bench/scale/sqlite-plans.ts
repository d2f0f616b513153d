import { Database } from "bun:sqlite";
import { openSqliteStores } from "../../test/support/stores.ts";
import type { Operation } from "./operations.ts";

/** The lines of `EXPLAIN QUERY PLAN` for every statement that an operation has run, each once. */
export async function readSqlitePlans(path: string, operation: Operation, turn: number): Promise<string[]> {
  const statements = new Set<string>();
  const stores = openSqliteStores(path);
  const { prepare } = Database.prototype;
  Database.prototype.prepare = function (this: Database, statement: string, ...rest) {
    statements.add(statement);
    return prepare.call(this, statement, ...rest);
  } as typeof prepare;
  await operation.run(stores, turn).finally(async () => {
    Database.prototype.prepare = prepare;
    await stores.close();
  });
  const database = new Database(path);
  try {
    const lines = [...statements]
      .filter((statement) => /^\s*(?:select|insert|update|delete|with)/i.test(statement))
      .flatMap((statement) => database.query<{ detail: string }, []>(`explain query plan ${statement}`).all())
      .map(({ detail }) => detail);
    return [...new Set(lines)];
  } finally {
    database.close();
  }
}
