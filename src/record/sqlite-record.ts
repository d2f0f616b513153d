import { and, asc, between, desc, eq, gt, gte, isNotNull, isNull, lt, lte, type SQL, sql } from "drizzle-orm";
import type { Sqlite, SqliteDatabase } from "../database/sqlite-connection.ts";
import { chain } from "./chain.ts";
import { asEntry, asSealed, columnsOf, isOfTimeAlone, pruneBatch, prunedEntry, sealBatch } from "./record-row.ts";
import {
  everything,
  type Head,
  type RecordFilter,
  type RecordStats,
  type RecordStore,
  type Sealed,
  type Span,
} from "./record-store.ts";
import { recordEntry } from "./sqlite-schema.ts";

type Transaction = Pick<SqliteDatabase, "select" | "insert" | "update" | "delete">;

const immediate = { behavior: "immediate" } as const;

/** The record in an SQLite file; `now` returns milliseconds since the epoch. */
export function createSqliteRecord(sqlite: Sqlite, now: () => number): RecordStore {
  return {
    append: (entry) =>
      sqlite.run((db) => {
        const row = { ...columnsOf(entry), time: new Date(now()) };
        db.insert(recordEntry).values(row).onConflictDoNothing().run();
      }),
    prove: () =>
      sqlite.run((db) => {
        db.run(sql`insert into ${recordEntry} (time, event, outcome) select 0, '', '' where false`);
      }),

    async seal() {
      for (let done: Sealed | undefined; ; ) {
        const sealed = await sqlite.run((db) =>
          hasUnsealed(db) ? db.transaction((tx) => sealBatchIn(tx), immediate) : undefined,
        );
        if (sealed === undefined || sealed.rows === 0) return done;
        done = { rows: (done?.rows ?? 0) + sealed.rows, head: sealed.head };
      }
    },

    list: (filter, before, limit) =>
      sqlite.run((db) => {
        const span = isOfTimeAlone(filter) ? findSpan(db, filter) : everything;
        if (span === undefined) return [];
        const isBefore = before === undefined ? undefined : lt(recordEntry.sequence, before);
        const fits = and(isSealed, matches(filter), isWithin(span), isBefore);
        const rows = db.select().from(recordEntry).where(fits).orderBy(desc(recordEntry.sequence)).limit(limit).all();
        return rows.map(asSealed);
      }),
    count: (filter) =>
      sqlite.run((db) => {
        const which = matches(filter);
        if (which === undefined) return countSealed(db);
        const counted = db.select({ rows: sql<number>`count(*)` }).from(recordEntry);
        return counted.where(and(isSealed, which)).get()?.rows ?? 0;
      }),
    readAfter: (filter, after, limit) =>
      sqlite.run((db) => {
        const fits = and(isSealed, gt(recordEntry.sequence, after), matches(filter));
        const rows = db.select().from(recordEntry).where(fits).orderBy(asc(recordEntry.sequence)).limit(limit).all();
        return rows.map(asSealed);
      }),
    findSpan: (time) => sqlite.run((db) => findSpan(db, time)),

    prune: (olderThanMs) =>
      sqlite.run((db) => {
        const end = new Date(now() - olderThanMs);
        return startsBefore(db, end) ? db.transaction((tx) => prune(tx, now(), end), immediate) : 0;
      }),
    stats: () => sqlite.run((db) => readStats(db, now())),
  };
}

const isSealed = isNotNull(recordEntry.sequence);
const isUnsealed = isNull(recordEntry.sequence);

function matches({ event, projectId, analysisId, from, to }: RecordFilter): SQL | undefined {
  return and(
    event === undefined ? undefined : eq(recordEntry.event, event),
    projectId === undefined ? undefined : eq(recordEntry.projectId, projectId),
    analysisId === undefined ? undefined : eq(recordEntry.analysisId, analysisId),
    from === undefined ? undefined : gte(recordEntry.time, from),
    to === undefined ? undefined : lt(recordEntry.time, to),
  );
}

const isWithin = ({ first, last }: Span) => between(recordEntry.sequence, first, last);

/** Reads only the index of times. */
function findSpan(
  db: Pick<SqliteDatabase, "select">,
  { from, to }: Pick<RecordFilter, "from" | "to">,
): Span | undefined {
  const first = sql<number | null>`min(${recordEntry.sequence})`;
  const last = sql<number | null>`max(${recordEntry.sequence})`;
  const row = db
    .select({ first, last })
    .from(recordEntry)
    .where(and(isSealed, matches({ from, to })))
    .get();
  const isAny = row !== undefined && row.first !== null && row.last !== null;
  return isAny ? { first: row.first ?? 0, last: row.last ?? 0 } : undefined;
}

/** The sequence has no gaps, so its lowest and highest number give the count. */
function countSealed(db: Pick<SqliteDatabase, "select">): number {
  const { sequence } = recordEntry;
  const lowest = db
    .select({ value: sql<number | null>`min(${sequence})` })
    .from(recordEntry)
    .get();
  const head = findHead(db);
  return head === undefined ? 0 : head.sequence - (lowest?.value ?? 0) + 1;
}

function hasUnsealed(db: Pick<SqliteDatabase, "select">): boolean {
  return db.select({ place: recordEntry.place }).from(recordEntry).where(isUnsealed).limit(1).get() !== undefined;
}

function sealBatchIn(tx: Transaction): Sealed | undefined {
  const last = findHead(tx);
  const rows = tx.select().from(recordEntry).where(isUnsealed).orderBy(asc(recordEntry.place)).limit(sealBatch).all();
  const sealed = chain(
    last,
    rows.map((row) => ({ ...asEntry(row), place: row.place })),
  );
  const place = tx
    .update(recordEntry)
    .set({ sequence: sql`${sql.placeholder("sequence")}`, hash: sql`${sql.placeholder("hash")}` })
    .where(eq(recordEntry.place, sql.placeholder("place")))
    .prepare();
  for (const row of sealed) place.run({ sequence: row.sequence, hash: row.hash, place: row.place });
  const head = sealed.at(-1) ?? last;
  return head && { rows: sealed.length, head: { sequence: head.sequence, hash: head.hash } };
}

function findHead(db: Pick<SqliteDatabase, "select">): Head | undefined {
  const { sequence, hash } = recordEntry;
  const row = db.select({ sequence, hash }).from(recordEntry).where(isSealed).orderBy(desc(sequence)).limit(1).get();
  return row && { sequence: row.sequence ?? 0, hash: row.hash ?? "" };
}

/** Whether the first row is old enough to be pruned. This is cheap, and usually no row is. */
function startsBefore(db: Pick<SqliteDatabase, "select">, end: Date): boolean {
  const { sequence, time } = recordEntry;
  const [first] = db.select({ time }).from(recordEntry).where(isSealed).orderBy(asc(sequence)).limit(1).all();
  return first !== undefined && first.time < end;
}

function prune(tx: Transaction, nowMs: number, end: Date): number {
  const { sequence, hash, time } = recordEntry;
  const oldest = tx
    .select({ sequence, hash, time })
    .from(recordEntry)
    .where(isSealed)
    .orderBy(asc(sequence))
    .limit(pruneBatch)
    .all();
  const young = oldest.findIndex((row) => row.time >= end);
  const last = oldest.at(young === -1 ? oldest.length - 1 : young - 1);
  if (young === 0 || last === undefined) return 0;
  tx.insert(recordEntry)
    .values({ ...columnsOf(prunedEntry(last.sequence ?? 0, last.hash ?? "")), time: new Date(nowMs) })
    .run();
  for (let rows = sealBatch; rows === sealBatch; ) rows = sealBatchIn(tx)?.rows ?? 0;
  return tx
    .delete(recordEntry)
    .where(lte(sequence, last.sequence ?? 0))
    .returning({ place: recordEntry.place })
    .all().length;
}

function readStats(db: SqliteDatabase, nowMs: number): RecordStats {
  const waiting = db
    .select({ unsealed: sql<number>`count(*)`, oldest: sql<number | null>`min(${recordEntry.time})` })
    .from(recordEntry)
    .where(isUnsealed)
    .get();
  const { unsealed = 0, oldest = null } = waiting ?? {};
  const unsealedSeconds = oldest === null ? 0 : Math.max(0, (nowMs - oldest) / 1000);
  return { rows: countSealed(db) + unsealed, unsealed, unsealedSeconds, head: findHead(db) };
}
