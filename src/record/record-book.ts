import { type ExportFormat, exportRecord } from "./export-record.ts";
import type { RecordFilter, RecordStats, RecordStore, SealedEntry } from "./record-store.ts";
import type { Recorder } from "./recorder.ts";
import type { Sealer } from "./sealer.ts";
import { type Verification, type VerifyOptions, verifyRecord } from "./verify-record.ts";

export interface RecordPage {
  readonly entries: readonly SealedEntry[];
  /** `before` of the next page; `undefined` on the last one. */
  readonly next: number | undefined;
  readonly total: number;
}

/** The record for its readers. Before a reader gets an answer, the reading or the export itself is on record. */
export interface RecordBook {
  /** Newest first. */
  list(reader: string, filter: RecordFilter, before: number | undefined, limit: number): Promise<RecordPage>;
  /** Exports the rows as text, oldest first. The reader may be slow: rows are read in batches, when they are needed. */
  export(reader: string, filter: RecordFilter, format: ExportFormat): Promise<AsyncGenerator<string>>;
  verify(options: VerifyOptions): Promise<Verification>;
  stats(): Promise<RecordStats>;
}

export interface RecordBookDeps {
  readonly store: RecordStore;
  readonly recorder: Pick<Recorder, "write">;
  readonly sealer: Pick<Sealer, "seal">;
  /** Milliseconds of a monotonic clock. */
  readonly steadyNow: () => number;
}

/** Within this time, all readings of one reader count as one, because a page refreshes itself. */
const readingMs = 60_000;
const maxReaders = 1_000;

export function createRecordBook({ store, recorder, sealer, steadyNow }: RecordBookDeps): RecordBook {
  const readAt = new Map<string, number>();

  async function writeReading(reader: string): Promise<void> {
    if (steadyNow() - (readAt.get(reader) ?? Number.NEGATIVE_INFINITY) < readingMs) return;
    await recorder.write({ event: "record.read", actor: reader, outcome: "ok" });
    if (readAt.size >= maxReaders) readAt.clear();
    readAt.set(reader, steadyNow());
  }

  return {
    async list(reader, filter, before, limit) {
      // The first page seals first, so that it shows rows that were just written.
      if (before === undefined) await sealer.seal();
      const entries = await store.list(filter, before, limit + 1);
      const total = await store.count(filter);
      await writeReading(reader);
      const page = entries.slice(0, limit);
      return { entries: page, next: entries.length > limit ? page.at(-1)?.sequence : undefined, total };
    },
    async export(reader, filter, format) {
      await recorder.write({ event: "record.exported", actor: reader, outcome: "ok" });
      await sealer.seal();
      return exportRecord(store, filter, format);
    },
    async verify(options) {
      await sealer.seal();
      return verifyRecord(store, options);
    },
    stats: store.stats,
  };
}
