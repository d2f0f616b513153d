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

/** The record for those who read it. Who has read or exported it is on record before the answer goes out. */
export interface RecordBook {
  /** Newest first. */
  list(reader: string, filter: RecordFilter, before: number | undefined, limit: number): Promise<RecordPage>;
  /** Oldest first, as text, to be read at any pace. */
  export(reader: string, filter: RecordFilter, format: ExportFormat): Promise<AsyncGenerator<string>>;
  verify(options: VerifyOptions): Promise<Verification>;
  stats(): Promise<RecordStats>;
}

export interface RecordBookDeps {
  readonly store: RecordStore;
  readonly recorder: Pick<Recorder, "write">;
  readonly sealer: Pick<Sealer, "seal">;
  /** Milliseconds on a clock that nobody can set. */
  readonly steadyNow: () => number;
}

/** A page that refreshes itself reads again and again: that is one reading. */
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
      // What was written a moment ago is to be seen.
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
