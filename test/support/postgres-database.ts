import { SQL } from "bun";
import type { PostgresSettings } from "../../src/database/postgres-settings.ts";
import { announceServers } from "./announce-servers.ts";

/** A superuser's URL, from the environment; suites that need PostgreSQL are skipped without it. */
export const testPostgresUrl: string | undefined = Bun.env.TEST_POSTGRES_URL;
announceServers();

export interface TestDatabase {
  readonly settings: PostgresSettings;
  /** Runs a script of any number of statements; the rows are those of the last one that has any. */
  execute<Row = unknown>(script: string): Promise<Row[]>;
  drop(): Promise<void>;
}

/** Makes an empty database of its own for one suite, to be dropped after it; on the environment's server or another one. */
export async function createTestDatabase(serverUrl: string | undefined = testPostgresUrl): Promise<TestDatabase> {
  if (serverUrl === undefined) {
    throw new Error("TEST_POSTGRES_URL is not set");
  }
  const database = `flame_test_${crypto.randomUUID().replaceAll("-", "")}`;
  await executeOnce(serverUrl, `create database ${database}`);

  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return {
    settings: {
      host: url.hostname,
      port: Number(url.port || 5432),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database,
      maxConnections: 5,
    },
    execute: (script) => executeOnce(url.href, script),
    async drop() {
      await executeOnce(serverUrl, `drop database ${database} with (force)`);
    },
  };
}

async function executeOnce<Row>(url: string, script: string): Promise<Row[]> {
  const sql = new SQL(url, { max: 1 });
  try {
    const results = await sql.unsafe(script).simple();
    const lists: Row[][] = Array.isArray(results[0]) ? results : [results];
    return lists.findLast((rows) => rows.length > 0) ?? [];
  } finally {
    await sql.close();
  }
}
