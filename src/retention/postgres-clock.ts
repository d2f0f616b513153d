import { type SQL, sql } from "drizzle-orm";

/** Milliseconds by which tests advance the clock; 0 in the service. */
export type Passed = () => number;

/** The time on the database's clock. */
export function clock(passed: Passed): SQL {
  return sql`(clock_timestamp() + ${passed()}::float8 * interval '1 millisecond')`;
}

/** The time on the clock that never jumps, never earlier than its last reading. */
export function steadyClock(passed: Passed): SQL {
  const now = clock(passed);
  return sql`coalesce(
    (select greatest(${now}, clock_at) - ahead_ms * interval '1 millisecond' from retention_state where id = 1), ${now})`;
}
