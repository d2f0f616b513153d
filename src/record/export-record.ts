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
 * Yields the sealed rows that match the filter as text, oldest first and one batch at a time. It leaves out rows that
 * are sealed after it began, so that the export ends.
 */
export async function* exportRecord(
  store: Pick<RecordStore, "readAfter" | "findSpan" | "stats">,
  filter: RecordFilter,
  format: ExportFormat,
): AsyncGenerator<string> {
  const newest = (await store.stats()).head?.sequence ?? 0;
  if (format === "csv") yield stringify([[...columns]], { record_delimiter: "windows" });
  // With the span, the export does not scan all rows before the first match or after the last one.
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
 * Writes CSV (RFC 4180). A text that a spreadsheet would take for a formula gets an apostrophe in front. A cell with
 * any kind of line break is quoted, because a name with a line break would otherwise begin a new row.
 */
function csvOf(rows: readonly DescribedEntry[]): string {
  const safety = { escape_formulas: true, quoted_match: /[\r\n]/ };
  return stringify([...rows], { columns: [...columns], record_delimiter: "windows", ...safety });
}
