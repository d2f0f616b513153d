import { and, eq, gt, lte, or, type SQL, sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import type { Postgres } from "../database/postgres-connection.ts";
import type { AppendInPostgres } from "../record/postgres-append.ts";
import {
  idleMs,
  type NewSession,
  type OperatorStore,
  type Session,
  sessionMs,
  ticketMs,
  touchMs,
} from "./operator-store.ts";
import { operatorSession, operatorTicket } from "./postgres-schema.ts";

const now = sql`now()`;
const inMs = (ms: number) => sql`now() + ${ms} * interval '1 millisecond'`;
const isOpen = (): SQL | undefined => and(gt(operatorSession.endsAt, now), gt(operatorSession.seenAt, inMs(-idleMs)));
const { name, subject, kind, endsAt } = operatorSession;
const columns = { name, subject, kind, endsAt };
/** These statements must not be repeated. If the response is lost, an unused session stays, whose token nobody has. */
const once = { repeatable: false };

type Transaction = Pick<BunSQLDatabase, "insert" | "delete">;

/** Stores operators' tickets and sessions in PostgreSQL. All times come from the database's clock. */
export function createPostgresOperators(postgres: Postgres, append: AppendInPostgres | undefined): OperatorStore {
  async function open(tx: Transaction, session: NewSession): Promise<Session> {
    const isOver = or(lte(operatorSession.endsAt, now), lte(operatorSession.seenAt, inMs(-idleMs)));
    await tx.delete(operatorSession).where(isOver);
    const row = { ...session, seenAt: now, endsAt: inMs(sessionMs) };
    const [opened] = await tx.insert(operatorSession).values(row).returning(columns);
    if (opened === undefined) throw new Error("PostgreSQL gave no row where there always is one");
    await append?.(tx, { event: "operator.signed_in", actor: session.name, outcome: "ok" });
    return { ...opened, subject: opened.subject ?? undefined };
  }

  return {
    addTicket: (ticketHash, name) =>
      postgres.run(async (db) => {
        await db.delete(operatorTicket).where(lte(operatorTicket.endsAt, now));
        await db.insert(operatorTicket).values({ ticketHash, name, endsAt: inMs(ticketMs) });
      }, once),
    redeem: (ticketHash, tokenHash) =>
      postgres.run(
        (db) =>
          db.transaction(async (tx) => {
            const isSought = and(eq(operatorTicket.ticketHash, ticketHash), gt(operatorTicket.endsAt, now));
            const [ticket] = await tx.delete(operatorTicket).where(isSought).returning({ name: operatorTicket.name });
            return ticket && open(tx, { tokenHash, name: ticket.name, subject: undefined, kind: "console" });
          }),
        once,
      ),
    open: (session) => postgres.run((db) => db.transaction((tx) => open(tx, session)), once),

    find: (tokenHash) =>
      postgres.run(async (db) => {
        const isSought = and(eq(operatorSession.tokenHash, tokenHash), isOpen());
        const isOverdue = sql<boolean>`${operatorSession.seenAt} < ${inMs(-touchMs)}`;
        const [row] = await db
          .select({ ...columns, isOverdue })
          .from(operatorSession)
          .where(isSought);
        if (row === undefined) return undefined;
        const { isOverdue: isUntouched, ...session } = row;
        if (isUntouched) await db.update(operatorSession).set({ seenAt: now }).where(isSought);
        return { ...session, subject: session.subject ?? undefined };
      }),
    end: (tokenHash) =>
      postgres.run(async (db) => {
        await db.delete(operatorSession).where(eq(operatorSession.tokenHash, tokenHash));
      }),

    count: () => postgres.run((db) => db.$count(operatorSession, isOpen())),
    isAnyOpen: () =>
      postgres.run(async (db) => {
        const ticket = gt(operatorTicket.endsAt, now);
        if ((await db.$count(operatorTicket, ticket)) > 0) return true;
        return (await db.$count(operatorSession, isOpen())) > 0;
      }),
  };
}
