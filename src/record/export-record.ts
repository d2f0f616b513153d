import { stringify } from "csv-stringify/sync";
import { type DescribedEntry, describeEntry } from "./describe-entry.ts";
import { isOfTimeAlone } from "./record-row.ts";
import { everything, type RecordFilter, type RecordStore } from "./record-store.ts";

export type ExportFormat = "jsonl" | "csv";

const batchRows = 500;
const columns = [
  "sequence",
  "time",
  "event",
  "actor",
  "analysis_id",
  "project_id",
  "object_id",
  "peer_node_id",
  "bytes",
  "sha256",
  "request_id",
  "outcome",
  "hash",
] as const satisfies (keyof DescribedEntry)[];

/**
 * The sealed rows that fit, oldest first and a batch at a time, as text. What is sealed after the beginning is left out, so
 * that it comes to an end.
 */
export async function* exportRecord(
  store: Pick<RecordStore, "readAfter" | "findSpan" | "stats">,
  filter: RecordFilter,
  format: ExportFormat,
): AsyncGenerator<string> {
  const newest = (await store.stats()).head?.sequence ?? 0;
  if (format === "csv") yield stringify([[...columns]], { record_delimiter: "windows" });
  // Not to look for the first one of a time from the beginning on, nor for more behind the last one.
  const span = isOfTimeAlone(filter) ? await store.findSpan(filter) : everything;
  if (span === undefined) return;
  const end = Math.min(newest, span.last);
  for (let after = span.first - 1; after < end; ) {
    const batch = (await store.readAfter(filter, after, batchRows)).filter(({ sequence }) => sequence <= end);
    const last = batch.at(-1);
    if (last === undefined) return;
    after = last.sequence;
    const rows = batch.map(describeEntry);
    yield format === "csv" ? csvOf(rows) : rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  }
}

/**
 * RFC 4180; what a spreadsheet would take for a formula gets an apostrophe in front of it. Any line break is quoted, not only the
 * one between rows: a name with one in it would begin a row of its own.
 */
function csvOf(rows: readonly DescribedEntry[]): string {
  const safety = { escape_formulas: true, quoted_match: /[\r\n]/ };
  return stringify([...rows], { columns: [...columns], record_delimiter: "windows", ...safety });
}
