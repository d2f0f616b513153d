import { genesis, hashEntry } from "./chain.ts";
import type { Head, RecordStore, SealedEntry } from "./record-store.ts";

/** The first row that is missing or differs from what was sealed. */
export interface BrokenRow {
  readonly sequence: number;
  readonly reason: string;
}

export interface Verification {
  /** How many rows are intact, counted from the first row. */
  readonly rows: number;
  readonly firstSequence: number | undefined;
  /** The last intact row. */
  readonly head: Head | undefined;
  readonly broken: BrokenRow | undefined;
}

export interface VerifyOptions {
  /** A hash from the log. The chain must still contain it. Letter case does not matter. */
  readonly head?: string | undefined;
  /** Called after every batch with the number of checked rows and of all rows. */
  readonly progress?: (done: number, rows: number) => void;
}

type Readable = Pick<RecordStore, "readAfter" | "list" | "stats">;

const batchRows = 2_000;

/** Computes the chain again in batches, from its first row. It includes rows that are sealed meanwhile. */
export async function verifyRecord(store: Readable, options: VerifyOptions = {}): Promise<Verification> {
  const sought = options.head?.toLowerCase();
  const { rows: expectedRows } = await store.stats();
  let start = await findStart(store);
  let [rows, firstSequence] = [0, undefined as number | undefined];
  let last: Head = start;
  let hasHead = sought === undefined || sought === start.hash;
  const result = (broken: BrokenRow | undefined): Verification => {
    return { rows, firstSequence, head: rows === 0 ? undefined : last, broken };
  };
  for (;;) {
    const batch = await store.readAfter({}, last.sequence, batchRows);
    if (batch.length === 0) break;
    for (const entry of batch) {
      if (entry.sequence !== last.sequence + 1) {
        const missing = { sequence: last.sequence + 1, reason: `Row ${last.sequence + 1} is missing.` };
        // Pruning may have removed the row that was read last, and rows after it, in the meantime.
        start = await findStart(store);
        if (start.sequence + 1 !== entry.sequence) return result(missing);
        last = start;
        hasHead ||= sought === start.hash;
      }
      const broken = findDamage(entry, last);
      if (broken !== undefined) return result(broken);
      firstSequence ??= entry.sequence;
      last = { sequence: entry.sequence, hash: entry.hash };
      rows += 1;
      hasHead ||= sought === entry.hash;
    }
    options.progress?.(rows, Math.max(rows, expectedRows));
  }
  if (hasHead) return result(undefined);
  const sequence = last.sequence + 1;
  const reason = `No row has the hash ${sought}: row ${sequence} and what followed was cut off, or the chain was made anew.`;
  return result({ sequence, reason });
}

/**
 * Checks the chain of the newest rows, `rows` at most. It trusts the oldest of them. Resolves with the first broken
 * row.
 */
export async function findBrokenEnd(store: Pick<RecordStore, "list">, rows: number): Promise<BrokenRow | undefined> {
  const [first, ...rest] = (await store.list({}, undefined, rows)).reverse();
  let last = first;
  for (const entry of rest) {
    if (last !== undefined && entry.sequence !== last.sequence + 1) {
      return { sequence: last.sequence + 1, reason: `Row ${last.sequence + 1} is missing.` };
    }
    const broken = last && findDamage(entry, last);
    if (broken !== undefined) return broken;
    last = entry;
  }
  return undefined;
}

function findDamage(entry: SealedEntry, last: Head): BrokenRow | undefined {
  const { sequence, hash } = entry;
  if (hashEntry(last.hash, entry) === hash) return undefined;
  return {
    sequence,
    reason: `Row ${sequence} was changed: its hash does not fit what it says and what stands before it.`,
  };
}

/** The head before the first row: the start of the chain or, after pruning, the last pruned row. */
async function findStart(store: Readable): Promise<Head> {
  const [first] = await store.readAfter({}, 0, 1);
  const beginning = { sequence: 0, hash: genesis };
  if (first === undefined || first.sequence === 1) return beginning;
  const [pruned] = await store.list({ event: "record.pruned" }, undefined, 1);
  const sequence = Number(pruned?.objectId);
  const hash = pruned?.sha256 ?? "";
  // If rows directly after the pruned ones are missing, the caller finds that from here. If rows are left that the
  // pruning claims to have removed, its entry is wrong, and the check starts at row 1.
  return sequence < first.sequence && /^[0-9a-f]{64}$/.test(hash) ? { sequence, hash } : beginning;
}
