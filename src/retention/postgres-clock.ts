import { type SQL, sql } from "drizzle-orm";

/** Time that tests let pass, in milliseconds; none elsewhere. */
export type Passed = () => number;

/** What the database's clock says. */
export function clock(passed: Passed): SQL {
  return sql`(clock_timestamp() + ${passed()}::float8 * interval '1 millisecond')`;
}

/** The clock that never jumps: never earlier than it was read last. */
export function steadyClock(passed: Passed): SQL {
  const now = clock(passed);
  return sql`coalesce(
    (select greatest(${now}, clock_at) - ahead_ms * interval '1 millisecond' from retention_state where id = 1), ${now})`;
}
