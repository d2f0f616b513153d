import { postgresMigrations } from "../database/migrate-postgres.ts";
import { openPostgres, type Postgres } from "../database/postgres-connection.ts";
import { buildIndexes, buildTimes, listMissingIndexes } from "../database/postgres-indexes.ts";
import type { PostgresSettings } from "../database/postgres-settings.ts";
import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";

/**
 * Starts to build the indexes that migrations left out on large tables. It uses its own connection while the service
 * works: without these indexes some lists are slow, but everything works. `building` never rejects, and nobody needs to
 * await it. The next start builds the indexes that failed, or that the end of this process interrupted.
 */
export async function buildMissingIndexes(
  postgres: Postgres,
  settings: PostgresSettings,
  log: Log,
): Promise<{ readonly building: Promise<void> }> {
  const missing = await listMissingIndexes(postgres, postgresMigrations);
  if (missing.length === 0) return { building: Promise.resolve() };
  log.info("database.indexes.building", { missing: missing.map(({ name }) => name) });
  return { building: build(settings, log) };
}

async function build(settings: PostgresSettings, log: Log): Promise<void> {
  const postgres = openPostgres({ ...settings, maxConnections: 1 }, buildTimes);
  try {
    await buildIndexes(postgres, postgresMigrations, (index) => log.info("database.index.built", { index }));
  } catch (error) {
    const advice = "they are built at the next start, or by `flame-result migrate` as the owner of the tables";
    log.warn("database.indexes.failed", { reason: reasonOf(error), advice });
  } finally {
    await postgres.close();
  }
}
