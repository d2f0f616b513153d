import { postgresMigrations } from "../database/migrate-postgres.ts";
import { openPostgres } from "../database/postgres-connection.ts";
import { buildIndexes, buildTimes, listMissingIndexes } from "../database/postgres-indexes.ts";
import type { PostgresSettings } from "../database/postgres-settings.ts";
import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";

/**
 * Builds what migrations have left out on large tables, on a connection of its own while the service works: without these indexes
 * some lists are slow, and nothing else. What fails is left to the next start. Never throws.
 */
export async function buildMissingIndexes(settings: PostgresSettings, log: Log): Promise<void> {
  const postgres = openPostgres({ ...settings, maxConnections: 1 }, buildTimes);
  try {
    const missing = await listMissingIndexes(postgres, postgresMigrations);
    if (missing.length === 0) return;
    log.info("database.indexes.building", { missing: missing.map(({ name }) => name) });
    await buildIndexes(postgres, postgresMigrations, (index) => log.info("database.index.built", { index }));
  } catch (error) {
    const advice = "they are built at the next start, or by `flame-result migrate` as the owner of the tables";
    log.warn("database.indexes.failed", { reason: reasonOf(error), advice });
  } finally {
    await postgres.close();
  }
}
