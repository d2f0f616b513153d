import { and, asc, between, desc, eq, gt, gte, isNotNull, isNull, lt, lte, type SQL, sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import type { Postgres } from "../database/postgres-connection.ts";
import { chain } from "./chain.ts";
import { recordEntry } from "./postgres-schema.ts";
import { asEntry, asSealed, columnsOf, isOfTimeAlone, pruneBatch, prunedEntry, sealBatch } from "./record-row.ts";
import { everything, type Head, type RecordFilter, type RecordStore, type Sealed, type Span } from "./record-store.ts";

type Transaction = Pick<BunSQLDatabase, "execute" | "insert" | "select" | "delete">;

// An arbitrary number, but the same in every version of this service.
const sealLock = 7_046_032;

/** The record in PostgreSQL, for any number of processes. All times come from its clock. */
export function createPostgresRecord(postgres: Postgres): RecordStore {
  return {
    append: (entry) =>
      postgres.run(
        async (db) => {
          await db.insert(recordEntry).values(columnsOf(entry)).onConflictDoNothing();
        },
        { repeatable: entry.id !== undefined },
      ),
    prove: () =>
      postgres.run(async (db) => {
        await db.execute(sql`insert into ${recordEntry} (event, outcome) select '', '' where false`);
      }),

    async seal() {
      for (let done: Sealed | undefined; ; ) {
        const sealed = await postgres.run(sealSome);
        if (sealed === undefined || sealed.rows === 0) return done;
        done = { rows: (done?.rows ?? 0) + sealed.rows, head: sealed.head };
      }
    },

    list: (filter, before, limit) =>
      postgres.run(async (db) => {
        const span = isOfTimeAlone(filter) ? await findSpan(db, filter) : everything;
        if (span === undefined) return [];
        const isBefore = before === undefined ? undefined : lt(recordEntry.sequence, before);
        const fits = and(isSealed, matches(filter), isWithin(span), isBefore);
        const rows = await db.select().from(recordEntry).where(fits).orderBy(desc(recordEntry.sequence)).limit(limit);
        return rows.map(asSealed);
      }),
    count: (filter) =>
      postgres.run((db) => {
        const which = matches(filter);
        return which === undefined ? countSealed(db) : db.$count(recordEntry, and(isSealed, which));
      }),
    readAfter: (filter, after, limit) =>
      postgres.run(async (db) => {
        const fits = and(isSealed, gt(recordEntry.sequence, after), matches(filter));
        const rows = await db.select().from(recordEntry).where(fits).orderBy(asc(recordEntry.sequence)).limit(limit);
        return rows.map(asSealed);
      }),
    findSpan: (time) => postgres.run((db) => findSpan(db, time)),

    prune: (olderThanMs) =>
      postgres.run(async (db) => {
        const isAnyOld = await startsBefore(db, ago(olderThanMs));
        return isAnyOld ? db.transaction((tx) => prune(tx, olderThanMs)) : 0;
      }),
    stats: () => postgres.run(readStats),
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

/**
 * Reads only the index of times. The `+ 0` keeps the planner from scanning the index of numbers until a time matches.
 */
async function findSpan(
  db: Pick<BunSQLDatabase, "select">,
  { from, to }: Pick<RecordFilter, "from" | "to">,
): Promise<Span | undefined> {
  const first = sql<string | null>`min(${recordEntry.sequence} + 0)`;
  const last = sql<string | null>`max(${recordEntry.sequence} + 0)`;
  const [row] = await db
    .select({ first, last })
    .from(recordEntry)
    .where(and(isSealed, matches({ from, to })));
  const isAny = row !== undefined && row.first !== null && row.last !== null;
  return isAny ? { first: Number(row.first), last: Number(row.last) } : undefined;
}

/** The sequence has no gaps, so its lowest and highest number give the count. */
async function countSealed(db: Pick<BunSQLDatabase, "select">): Promise<number> {
  const { sequence } = recordEntry;
  const rows = sql`coalesce(max(${sequence}) - min(${sequence}) + 1, 0)`.mapWith(Number);
  return (await db.select({ rows }).from(recordEntry))[0]?.rows ?? 0;
}

/** Waits for another process that is sealing. Later statements see what that process has written. */
async function lockSealing(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${sealLock})`);
}

/**
 * Seals a batch of rows. A row may have a lower `place` than rows that are already sealed, because its transaction
 * ended later. In the chain it follows them.
 */
async function sealSome(db: BunSQLDatabase): Promise<Sealed | undefined> {
  const [waiting] = await db.select({ place: recordEntry.place }).from(recordEntry).where(isUnsealed).limit(1);
  if (waiting === undefined) return undefined;
  return await db.transaction(async (tx) => {
    await lockSealing(tx);
    return sealBatchIn(tx);
  });
}

async function sealBatchIn(tx: Transaction): Promise<Sealed | undefined> {
  const last = await findHead(tx);
  const rows = await tx.select().from(recordEntry).where(isUnsealed).orderBy(asc(recordEntry.place)).limit(sealBatch);
  const places = chain(
    last,
    rows.map((row) => ({ ...asEntry(row), place: row.place })),
  ).map(({ place, sequence, hash }) => ({ place, sequence, hash }));
  const head = places.at(-1) ?? last;
  if (head === undefined) return undefined;
  await tx.execute(sql`
    update record_entry as entry set sequence = sealed.sequence, hash = sealed.hash
    from json_to_recordset(${JSON.stringify(places)}::text::json) as sealed(place bigint, sequence bigint, hash text)
    where entry.place = sealed.place`);
  return { rows: places.length, head: { sequence: head.sequence, hash: head.hash } };
}

async function findHead(db: Pick<BunSQLDatabase, "select">): Promise<Head | undefined> {
  const { sequence, hash } = recordEntry;
  const [row] = await db.select({ sequence, hash }).from(recordEntry).where(isSealed).orderBy(desc(sequence)).limit(1);
  return row && { sequence: row.sequence ?? 0, hash: row.hash ?? "" };
}

const ago = (ms: number) => sql`clock_timestamp() - ${ms} * interval '1 millisecond'`;

/** Whether the first row is old enough to be pruned. This is cheap, and usually no row is. */
async function startsBefore(db: Pick<BunSQLDatabase, "select">, end: SQL): Promise<boolean> {
  const { sequence, time } = recordEntry;
  const oldest = db.select({ time }).from(recordEntry).where(isSealed).orderBy(asc(sequence)).limit(1).as("oldest");
  return (await db.select().from(oldest).where(sql`${oldest.time} < ${end}`)).length > 0;
}

async function prune(tx: Transaction, olderThanMs: number): Promise<number> {
  await lockSealing(tx);
  const end = ago(olderThanMs);
  const { sequence, hash, time } = recordEntry;
  const oldest = tx.select({ sequence, hash, time }).from(recordEntry).where(isSealed).orderBy(asc(sequence));
  const batch = oldest.limit(pruneBatch).as("batch");
  const firstYoung = tx.select({ sequence: batch.sequence }).from(batch).where(sql`${batch.time} >= ${end}`);
  const [last] = await tx
    .select({ sequence: batch.sequence, hash: batch.hash })
    .from(batch)
    .where(sql`${batch.sequence} < all (${firstYoung})`)
    .orderBy(desc(batch.sequence))
    .limit(1);
  if (last === undefined) return 0;
  await tx.insert(recordEntry).values(columnsOf(prunedEntry(last.sequence ?? 0, last.hash ?? "")));
  for (let rows = sealBatch; rows === sealBatch; ) rows = (await sealBatchIn(tx))?.rows ?? 0;
  const removed = await tx
    .delete(recordEntry)
    .where(lte(sequence, last.sequence ?? 0))
    .returning({ place: recordEntry.place });
  return removed.length;
}

async function readStats(db: BunSQLDatabase) {
  const { time } = recordEntry;
  const sealed = await countSealed(db);
  const [waiting] = await db
    .select({
      unsealed: sql`count(*)`.mapWith(Number),
      unsealedSeconds: sql`coalesce(greatest(extract(epoch from clock_timestamp() - min(${time})), 0), 0)`.mapWith(
        Number,
      ),
    })
    .from(recordEntry)
    .where(isUnsealed);
  const { unsealed, unsealedSeconds } = waiting ?? { unsealed: 0, unsealedSeconds: 0 };
  return { rows: sealed + unsealed, unsealed, unsealedSeconds, head: await findHead(db) };
}
