import { migratePostgres } from "../../src/database/migrate-postgres.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import type { PostgresSettings } from "../../src/database/postgres-settings.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createPostgresRecord } from "../../src/record/postgres-record.ts";
import type { RecordStore } from "../../src/record/record-store.ts";
import { createSqliteRecord } from "../../src/record/sqlite-record.ts";

// A process that writes or seals until it is killed. What is acknowledged it prints, a row in each line.
const [role = "", place = ""] = Bun.argv.slice(2);
const writers = role === "write" ? 32 : 0;

async function open(): Promise<RecordStore> {
  if (!place.startsWith("{")) return createSqliteRecord(openSqlite(place), Date.now);
  const postgres = openPostgres({ ...(JSON.parse(place) as PostgresSettings), maxConnections: 8 });
  await migratePostgres(postgres);
  return createPostgresRecord(postgres);
}

const store = await open();
process.stdout.write("ready\n");
await Promise.all([
  ...Array.from({ length: writers }, async () => {
    for (;;) {
      const requestId = crypto.randomUUID();
      await store.append({ id: requestId, event: "intermediate.sent", requestId, outcome: "ok" });
      process.stdout.write(`${requestId}\n`);
    }
  }),
  (async () => {
    for (;;) {
      await store.seal();
      await Bun.sleep(1);
    }
  })(),
]);
