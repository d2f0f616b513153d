import type { NewEntry, RecordEvent, RecordFilter, SealedEntry } from "./record-store.ts";

/** How many rows get their place in one transaction. */
export const sealBatch = 1_000;
/** How many rows one transaction removes. */
export const pruneBatch = 20_000;

/** Rows of one project or analysis are few enough to look at each one's time. */
export function isOfTimeAlone({ projectId, analysisId, from, to }: RecordFilter): boolean {
  return (from !== undefined || to !== undefined) && projectId === undefined && analysisId === undefined;
}

/** The columns that both databases have. */
export interface EntryColumns {
  readonly time: Date;
  readonly event: string;
  readonly actor: string | null;
  readonly analysisId: string | null;
  readonly projectId: string | null;
  readonly objectId: string | null;
  readonly peerNodeId: string | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly requestId: string | null;
  readonly outcome: string;
}

interface Facts extends Omit<EntryColumns, "time"> {
  readonly id: string | null;
}

const longestText = 1_000;

/** A text that both databases take and give back as it is; what a client calls itself must not keep a row from being written. */
function storable(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, longestText).toWellFormed().replaceAll("\0", "\ufffd");
}

export function columnsOf(entry: NewEntry): Facts {
  return {
    id: entry.id ?? null,
    event: entry.event,
    actor: storable(entry.actor),
    analysisId: storable(entry.analysisId),
    projectId: storable(entry.projectId),
    objectId: storable(entry.objectId),
    peerNodeId: storable(entry.peerNodeId),
    bytes: entry.bytes ?? null,
    sha256: storable(entry.sha256),
    requestId: storable(entry.requestId),
    outcome: entry.outcome,
  };
}

/** Whatever stands in the columns is taken as it is: the hash tells whether it is what was written. */
export function asEntry(row: EntryColumns): Omit<SealedEntry, "sequence" | "hash"> {
  return {
    time: row.time,
    event: row.event as RecordEvent,
    actor: row.actor ?? undefined,
    analysisId: row.analysisId ?? undefined,
    projectId: row.projectId ?? undefined,
    objectId: row.objectId ?? undefined,
    peerNodeId: row.peerNodeId ?? undefined,
    bytes: row.bytes ?? undefined,
    sha256: row.sha256 ?? undefined,
    requestId: row.requestId ?? undefined,
    outcome: row.outcome as SealedEntry["outcome"],
  };
}

export function asSealed(
  row: EntryColumns & { readonly sequence: number | null; readonly hash: string | null },
): SealedEntry {
  return { ...asEntry(row), sequence: row.sequence ?? 0, hash: row.hash ?? "" };
}

/** The row that stands for those removed: the number of the last one is its object, that one's hash its SHA-256. */
export function prunedEntry(sequence: number, hash: string): NewEntry {
  return { event: "record.pruned", actor: "node", objectId: String(sequence), sha256: hash, outcome: "ok" };
}
