import { and, eq, isNull, lte, or, sql } from "drizzle-orm";
import type { Postgres } from "../database/postgres-connection.ts";
import { claimOf, finishedRow } from "./idempotency-row.ts";
import type { IdempotencyStore, Scope } from "./idempotency-store.ts";
import { idempotencyKey as table } from "./postgres-schema.ts";
import { scopeHash } from "./scope-hash.ts";

const now = sql`now()`;
const inMs = (ms: number) => sql`now() + ${ms} * interval '1 millisecond'`;
const isOld = (keepMs: number) => lte(table.createdAt, inMs(-keepMs));
const columns = { status: table.status, body: table.body, fingerprint: table.fingerprint };

/** Idempotency keys in PostgreSQL. All times come from its clock. */
export function createPostgresIdempotency(postgres: Postgres): IdempotencyStore {
  const ofScope = (scope: Scope) => eq(table.scopeHash, scopeHash(scope));
  const isHeld = (scope: Scope, holder: string) => and(ofScope(scope), eq(table.holder, holder), isNull(table.status));

  return {
    claim: (scope, { holder, leaseMs }, id, keepMs) =>
      postgres.run(async (db) => {
        // Another process may delete the row between the conflict and the select, so this tries again. After three
        // tries another request keeps winning the key, and counts as running.
        for (let tries = 0; tries < 3; tries += 1) {
          const leaseEndsAt = inMs(leaseMs);
          const fresh = { scopeHash: scopeHash(scope), resultId: id, holder, leaseEndsAt, createdAt: now };
          const isFree = or(lte(table.leaseEndsAt, now), eq(table.holder, holder));
          const [held] = await db
            .insert(table)
            .values(fresh)
            .onConflictDoUpdate({
              target: table.scopeHash,
              set: { holder, leaseEndsAt },
              setWhere: sql`${isNull(table.status)} and ${isFree} and not (${isOld(keepMs)})`,
            })
            .returning({ id: table.resultId });
          if (held !== undefined) return { kind: "held", id: held.id, isRepeat: held.id !== id };
          const [row] = await db
            .select({ ...columns, isOld: sql<boolean>`${isOld(keepMs)} and ${table.leaseEndsAt} <= now()` })
            .from(table)
            .where(ofScope(scope));
          if (row === undefined) continue;
          if (!row.isOld) return claimOf(row);
          await db.delete(table).where(and(ofScope(scope), isOld(keepMs), lte(table.leaseEndsAt, now)));
        }
        return { kind: "running" };
      }),
    renew: (scope, { holder, leaseMs }) =>
      postgres.run(async (db) => {
        const change = db.update(table).set({ leaseEndsAt: inMs(leaseMs) });
        return (await change.where(isHeld(scope, holder)).returning({ id: table.resultId })).length > 0;
      }),
    finish: (scope, holder, answer, fingerprint) =>
      postgres.run(async (db) => {
        // Not `isHeld`: after a lost connection this may run again, and then the key is already finished.
        const isOwn = and(ofScope(scope), eq(table.holder, holder));
        const change = db.update(table).set({ ...finishedRow(answer, fingerprint), leaseEndsAt: now });
        return (await change.where(isOwn).returning({ id: table.resultId })).length > 0;
      }),
    release: (scope, holder) =>
      postgres.run(async (db) => {
        const gone = await db.delete(table).where(isHeld(scope, holder)).returning({ id: table.resultId });
        return gone.length > 0;
      }),
    leave: (scope, holder) =>
      postgres.run(async (db) => {
        const change = db.update(table).set({ leaseEndsAt: now }).where(isHeld(scope, holder));
        return (await change.returning({ id: table.resultId })).length > 0;
      }),
    leaveAll: () =>
      postgres.run(async (db) => {
        await db.update(table).set({ leaseEndsAt: now }).where(isNull(table.status));
      }),
    purge: (keepMs) =>
      postgres.run(async (db) => {
        const isOver = and(isOld(keepMs), lte(table.leaseEndsAt, now));
        return (await db.delete(table).where(isOver).returning({ id: table.resultId })).length;
      }),
  };
}
