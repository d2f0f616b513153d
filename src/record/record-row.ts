import type { NewEntry, RecordEvent, RecordFilter, SealedEntry } from "./record-store.ts";

/** How many rows one transaction seals at most. */
export const sealBatch = 1_000;
/** How many rows one transaction removes at most. */
export const pruneBatch = 20_000;

/**
 * Whether a filter has a time, but no project and no analysis, and so needs the index of times. A project or an
 * analysis has so few rows that the time of each can be checked.
 */
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

/**
 * Makes a text that both databases can store unchanged. A strange client name must not prevent that a row is written.
 */
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

/** Reads a row without checking its columns. The hash shows whether somebody has changed them. */
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

/** The entry for pruned rows. `objectId` is the sequence of the last removed row, `sha256` is that row's hash. */
export function prunedEntry(sequence: number, hash: string): NewEntry {
  return { event: "record.pruned", actor: "node", objectId: String(sequence), sha256: hash, outcome: "ok" };
}
