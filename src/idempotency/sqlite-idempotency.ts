import { and, eq, gt, isNull, lte, or } from "drizzle-orm";
import type { Sqlite, SqliteDatabase } from "../database/sqlite-connection.ts";
import { claimOf, finishedRow } from "./idempotency-row.ts";
import type { Claim, IdempotencyStore, Scope } from "./idempotency-store.ts";
import { scopeHash } from "./scope-hash.ts";
import { idempotencyKey as table } from "./sqlite-schema.ts";

const immediate = { behavior: "immediate" } as const;
const id = { id: table.resultId };

/** Idempotency keys in an SQLite file; `now` returns milliseconds since the epoch. */
export function createSqliteIdempotency(sqlite: Sqlite, now: () => number): IdempotencyStore {
  const inMs = (ms: number) => new Date(now() + ms);
  const ofScope = (scope: Scope) => eq(table.scopeHash, scopeHash(scope));
  const isHeld = (scope: Scope, holder: string) => and(ofScope(scope), eq(table.holder, holder), isNull(table.status));
  const isOver = (keepMs: number) => and(lte(table.createdAt, inMs(-keepMs)), lte(table.leaseEndsAt, inMs(0)));

  /**
   * Takes an unfinished key whose lease has ended or that `holder` has already. `undefined` if another holder has it.
   */
  function take(db: Pick<SqliteDatabase, "select" | "insert" | "update">, scope: Scope, holder: string, endsAt: Date) {
    const isFree = or(lte(table.leaseEndsAt, inMs(0)), eq(table.holder, holder));
    const change = db.update(table).set({ holder, leaseEndsAt: endsAt });
    return change
      .where(and(ofScope(scope), isNull(table.status), isFree))
      .returning(id)
      .get();
  }

  return {
    claim: (scope, { holder, leaseMs }, newId, keepMs) =>
      sqlite.run((db) =>
        db.transaction((tx): Claim => {
          tx.delete(table)
            .where(and(ofScope(scope), isOver(keepMs)))
            .run();
          const row = tx.select().from(table).where(ofScope(scope)).get();
          if (row === undefined) {
            const fresh = { scopeHash: scopeHash(scope), resultId: newId, holder, createdAt: inMs(0) };
            tx.insert(table)
              .values({ ...fresh, leaseEndsAt: inMs(leaseMs) })
              .run();
            return { kind: "held", id: newId, isRepeat: false };
          }
          const held = take(tx, scope, holder, inMs(leaseMs));
          return held === undefined ? claimOf(row) : { kind: "held", id: held.id, isRepeat: held.id !== newId };
        }, immediate),
      ),
    renew: (scope, { holder, leaseMs }) =>
      sqlite.run((db) => {
        const change = db.update(table).set({ leaseEndsAt: inMs(leaseMs) });
        return change.where(isHeld(scope, holder)).returning(id).all().length > 0;
      }),
    finish: (scope, holder, answer, fingerprint) =>
      sqlite.run((db) => {
        const isOwn = and(ofScope(scope), eq(table.holder, holder));
        const change = db.update(table).set({ ...finishedRow(answer, fingerprint), leaseEndsAt: inMs(0) });
        return change.where(isOwn).returning(id).all().length > 0;
      }),
    release: (scope, holder) =>
      sqlite.run((db) => db.delete(table).where(isHeld(scope, holder)).returning(id).all().length > 0),
    leave: (scope, holder) =>
      sqlite.run((db) => {
        const change = db.update(table).set({ leaseEndsAt: inMs(0) });
        return change.where(isHeld(scope, holder)).returning(id).all().length > 0;
      }),
    leaveAll: () =>
      sqlite.run((db) => {
        const isLeft = and(isNull(table.status), gt(table.leaseEndsAt, inMs(0)));
        db.update(table)
          .set({ leaseEndsAt: inMs(0) })
          .where(isLeft)
          .run();
      }),
    purge: (keepMs) => sqlite.run((db) => db.delete(table).where(isOver(keepMs)).returning(id).all().length),
  };
}
