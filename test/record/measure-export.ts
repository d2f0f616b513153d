import { exportRecord } from "../../src/record/export-record.ts";
import { heldBytes } from "../support/own-process.ts";
import { largeRecords } from "./large-record.ts";

export interface MeasuredExport {
  readonly bytes: number;
  readonly lines: number;
  /** Bytes of the heap, every 25 batches. */
  readonly held: readonly number[];
}

// A process that exports the large record of a database and prints a MeasuredExport.
const record = largeRecords.find(({ name }) => name === Bun.argv[2]);
if (record === undefined) throw new Error("Name one of the large records");
const { store, dispose } = await record.open(record.rows);
await store.seal();
const held: number[] = [];
let [bytes, lines, batches] = [0, 0, 0];
for await (const text of exportRecord(store, {}, "jsonl")) {
  bytes += text.length;
  lines += text.split("\n").length - 1;
  batches += 1;
  if (batches % 25 === 0) held.push(heldBytes());
}
await dispose();
process.stdout.write(JSON.stringify({ bytes, lines, held } satisfies MeasuredExport));
