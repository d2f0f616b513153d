import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createPostgresCatalog } from "../../src/catalog/postgres.ts";
import { migratePostgres, postgresMigrations } from "../../src/database/migrate-postgres.ts";
import { openPostgres, type PostgresOptions } from "../../src/database/postgres-connection.ts";
import { createPostgresSubmissions } from "../../src/submissions/store/postgres-submissions.ts";
import { type PgbouncerServer, pgbouncerInstalled, startPgbouncer } from "../support/pgbouncer-server.ts";
import { createTestDatabase, type TestDatabase, testPostgresUrl } from "../support/postgres-database.ts";

const allMigrations = postgresMigrations.map(({ name }) => name);
const analysisId = crypto.randomUUID();
const ignoring = "ignore_startup_parameters = statement_timeout,idle_in_transaction_session_timeout";

describe.skipIf(testPostgresUrl === undefined || !pgbouncerInstalled())("behind pgbouncer", () => {
  describe.each([
    ["session", []],
    ["transaction", []],
    ["transaction", ["default_pool_size = 2"]],
    ["session", [ignoring]],
    ["transaction", [ignoring]],
  ] as const)("in %s mode (%j)", (mode, extra) => {
    let database: TestDatabase;
    let pgbouncer: PgbouncerServer;
    let settings: PostgresOptions;

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
