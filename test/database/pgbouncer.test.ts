import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { createPostgresCatalog } from "../../src/catalog/postgres.ts";
import { migratePostgres, postgresMigrations } from "../../src/database/migrate-postgres.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import type { PostgresSettings } from "../../src/database/postgres-settings.ts";
import { createPostgresSubmissions } from "../../src/submissions/store/postgres-submissions.ts";
import { type PgbouncerServer, pgbouncerInstalled, startPgbouncer } from "../support/pgbouncer-server.ts";
import { createTestDatabase, type TestDatabase, testPostgresUrl } from "../support/postgres-database.ts";

const allMigrations = postgresMigrations.map(({ name }) => name);
const analysisId = crypto.randomUUID();
const ignoring = "ignore_startup_parameters = statement_timeout,idle_in_transaction_session_timeout";

describe.skipIf(testPostgresUrl === undefined || !pgbouncerInstalled())("behind pgbouncer", () => {
  test("in session mode with its own pool size, a replica that was busy leaves connections to the others", async () => {
    const database = await createTestDatabase();
    const pgbouncer = await startPgbouncer({ postgresPort: database.settings.port, mode: "session" });
    const settings = { ...database.settings, port: pgbouncer.port, maxConnections: 20 };
    const replicas = [openPostgres(settings), openPostgres(settings)];
    for (const postgres of replicas) {
      await postgres.run((db) => db.execute(sql`select 1`));
      const works = Array.from({ length: 20 }, () => postgres.run((db) => db.execute(sql`select pg_sleep(0.5)`)));
      expect(await Promise.all(works)).toHaveLength(20);
    }
    await Promise.all(replicas.map((postgres) => postgres.close()));
    await pgbouncer.stop();
    await database.drop();
  }, 60_000);

  describe.each([
    ["session", []],
    ["transaction", []],
    ["transaction", ["default_pool_size = 2"]],
    ["session", [ignoring]],
    ["transaction", [ignoring]],
  ] as const)("in %s mode (%j)", (mode, extra) => {
    let database: TestDatabase;
    let pgbouncer: PgbouncerServer;
    let settings: PostgresSettings;

    beforeAll(async () => {
      database = await createTestDatabase();
      pgbouncer = await startPgbouncer({ postgresPort: database.settings.port, mode, extra });
      settings = { ...database.settings, port: pgbouncer.port, maxConnections: 5 };
    });
    afterAll(async () => {
      await pgbouncer?.stop();
      await database?.drop();
    });

    test("two replicas and a command beside them migrate and work at once, and no statement of another is met", async () => {
      const replicas = [
        openPostgres(settings),
        openPostgres(settings),
        openPostgres({ ...settings, maxConnections: 1 }),
      ];
      const applied = await Promise.all(replicas.map((postgres) => migratePostgres(postgres)));
      expect(applied.flat()).toEqual(allMigrations);

      const projectId = crypto.randomUUID();
      const work = replicas.flatMap((postgres) => {
        const catalog = createPostgresCatalog(postgres);
        const submissions = createPostgresSubmissions(postgres);
        return Array.from({ length: 40 }, async (_, at) => {
          const tagName = `tag-${at % 7}`;
          await catalog.tag({ projectId, clientId: analysisId, objectId: crypto.randomUUID(), tagName, filename: "a" });
          await catalog.listTagged(projectId, tagName);
          await submissions.claim({ holder: "nobody", leaseMs: 1_000 }, undefined);
          await catalog.check();
        });
      });
      await Promise.all(work);
      expect(await createPostgresCatalog(replicas[0] ?? openPostgres(settings)).listTags(projectId)).toHaveLength(7);
      await Promise.all(replicas.map((postgres) => postgres.close()));
    }, 30_000);
  });
});
