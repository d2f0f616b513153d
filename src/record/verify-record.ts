import { genesis, hashEntry } from "./chain.ts";
import type { Head, RecordStore, SealedEntry } from "./record-store.ts";

/** The first row that is not what was sealed. */
export interface BrokenRow {
  readonly sequence: number;
  readonly reason: string;
}

export interface Verification {
  /** How many rows fit, from the first one on. */
  readonly rows: number;
  readonly firstSequence: number | undefined;
  /** The last row that fits. */
  readonly head: Head | undefined;
  readonly broken: BrokenRow | undefined;
}

export interface VerifyOptions {
  /** A hash that the log has told: the chain must still go through it. In any case of letters. */
  readonly head?: string | undefined;
  /** Told after every batch how many rows of how many have been looked at. */
  readonly progress?: (done: number, rows: number) => void;
}

type Readable = Pick<RecordStore, "readAfter" | "list" | "stats">;

const batchRows = 2_000;

/** Computes the chain anew, in batches, from its first row on. Rows that are sealed meanwhile are looked at as well. */
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
        // What was read last may have been pruned in the meantime, and more with it.
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

/** Whether the newest rows, up to so many, fit together; the first of them is taken as it is. */
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

/** What stands before the first row: nothing, or the rows that were pruned, as the row of the last pruning says. */
async function findStart(store: Readable): Promise<Head> {
  const [first] = await store.readAfter({}, 0, 1);
  const beginning = { sequence: 0, hash: genesis };
  if (first === undefined || first.sequence === 1) return beginning;
  const [pruned] = await store.list({ event: "record.pruned" }, undefined, 1);
  const sequence = Number(pruned?.objectId);
  const hash = pruned?.sha256 ?? "";
  // Rows right behind the pruned ones may be missing, which is found from there on; older ones than it tells of cannot be there.
  return sequence < first.sequence && /^[0-9a-f]{64}$/.test(hash) ? { sequence, hash } : beginning;
}
