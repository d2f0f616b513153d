import type { Postgres } from "../database/postgres-connection.ts";
import type { AppendInPostgres } from "../record/postgres-append.ts";
import type { Passed } from "./postgres-clock.ts";
import { createPostgresExpiry } from "./postgres-expiry.ts";
import { createPostgresObjectTable } from "./postgres-object-table.ts";
import { createPostgresReservations } from "./postgres-reservations.ts";
import { createPostgresSent } from "./postgres-sent.ts";
import { createPostgresState } from "./postgres-state.ts";
import type { RetentionStore } from "./retention-store.ts";

/** Keeps retention data in PostgreSQL and uses the database server's clock. */
export function createPostgresRetention(
  postgres: Postgres,
  append?: AppendInPostgres,
  passed: Passed = () => 0,
): RetentionStore {
  return {
    objects: createPostgresObjectTable(postgres, passed),
    expiry: createPostgresExpiry(postgres, passed, append),
    reservations: createPostgresReservations(postgres, passed),
    state: createPostgresState(postgres, passed),
    sent: createPostgresSent(postgres, passed),
  };
}
