import { and, eq, gt, lte, or, sql } from "drizzle-orm";
import type { Sqlite, SqliteDatabase } from "../database/sqlite-connection.ts";
import type { AppendInSqlite } from "../record/sqlite-append.ts";
import {
  idleMs,
  type NewSession,
  type OperatorStore,
  type Session,
  sessionMs,
  ticketMs,
  touchMs,
} from "./operator-store.ts";
import { operatorSession, operatorTicket } from "./sqlite-schema.ts";

type Transaction = Pick<SqliteDatabase, "insert" | "delete">;

const immediate = { behavior: "immediate" } as const;
const one = sql<number>`count(*)`;

/** Stores operators' tickets and sessions in an SQLite file. `now` gives milliseconds since the epoch. */
export function createSqliteOperators(
  sqlite: Sqlite,
  now: () => number,
  append: AppendInSqlite | undefined,
): OperatorStore {
  const inMs = (ms: number) => new Date(now() + ms);
  const isOpen = () => and(gt(operatorSession.endsAt, inMs(0)), gt(operatorSession.seenAt, inMs(-idleMs)));

  function open(tx: Transaction, session: NewSession): Session {
    const isOver = or(lte(operatorSession.endsAt, inMs(0)), lte(operatorSession.seenAt, inMs(-idleMs)));
    tx.delete(operatorSession).where(isOver).run();
    const { name, subject, kind } = session;
    const endsAt = inMs(sessionMs);
    tx.insert(operatorSession)
      .values({ ...session, seenAt: inMs(0), endsAt })
      .run();
    append?.(tx, { event: "operator.signed_in", actor: name, outcome: "ok" });
    return { name, subject, kind, endsAt };
  }

  const countSessions = (db: Pick<SqliteDatabase, "select">) =>
    db.select({ one }).from(operatorSession).where(isOpen()).get()?.one ?? 0;

  return {
    addTicket: (ticketHash, name) =>
      sqlite.run((db) => {
        db.delete(operatorTicket)
          .where(lte(operatorTicket.endsAt, inMs(0)))
          .run();
        db.insert(operatorTicket)
          .values({ ticketHash, name, endsAt: inMs(ticketMs) })
          .run();
      }),
    redeem: (ticketHash, tokenHash) =>
      sqlite.run((db) =>
        db.transaction((tx) => {
          const isSought = and(eq(operatorTicket.ticketHash, ticketHash), gt(operatorTicket.endsAt, inMs(0)));
          const ticket = tx.delete(operatorTicket).where(isSought).returning({ name: operatorTicket.name }).get();
          return ticket && open(tx, { tokenHash, name: ticket.name, subject: undefined, kind: "console" });
        }, immediate),
      ),
    open: (session) => sqlite.run((db) => db.transaction((tx) => open(tx, session), immediate)),

    find: (tokenHash) =>
      sqlite.run((db) => {
        const isSought = and(eq(operatorSession.tokenHash, tokenHash), isOpen());
        const row = db.select().from(operatorSession).where(isSought).get();
        if (row === undefined) return undefined;
        if (row.seenAt < inMs(-touchMs))
          db.update(operatorSession)
            .set({ seenAt: inMs(0) })
            .where(isSought)
            .run();
        return { name: row.name, subject: row.subject ?? undefined, kind: row.kind, endsAt: row.endsAt };
      }),
    end: (tokenHash) =>
      sqlite.run((db) => {
        db.delete(operatorSession).where(eq(operatorSession.tokenHash, tokenHash)).run();
      }),

    count: () => sqlite.run(countSessions),
    isAnyOpen: () =>
      sqlite.run((db) => {
        const waiting = db
          .select({ one })
          .from(operatorTicket)
          .where(gt(operatorTicket.endsAt, inMs(0)))
          .get();
        return (waiting?.one ?? 0) + countSessions(db) > 0;
      }),
  };
}
