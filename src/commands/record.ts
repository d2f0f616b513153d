import { type DescribedEntry, describeEntry } from "../record/describe-entry.ts";
import type { ExportFormat } from "../record/export-record.ts";
import { createRecordBook, type RecordBook } from "../record/record-book.ts";
import { type RecordFilter, recordEvents } from "../record/record-store.ts";
import { createSealer } from "../record/sealer.ts";
import { parseUuid } from "../uuid.ts";
import { exitUsage, type ProcessIo } from "./process-io.ts";
import { progressBar } from "./progress-bar.ts";
import { plainTableLines } from "./table.ts";
import { type NodeAccess, withStores } from "./with-stores.ts";

export interface FilterOptions {
  readonly event?: string;
  readonly project?: string;
  readonly analysis?: string;
  readonly from?: string;
  readonly to?: string;
}

export type RecordRequest =
  | (FilterOptions & { readonly action: "list"; readonly limit: number; readonly json: boolean })
  | (FilterOptions & { readonly action: "export"; readonly format: ExportFormat })
  | { readonly action: "verify"; readonly head?: string };

const reader = "command line";

/** Shows, exports or verifies the record, whether or not the service runs. Resolves with the exit code. */
export async function record(io: ProcessIo, request: RecordRequest): Promise<number> {
  const filter = request.action === "verify" ? {} : readFilter(request);
  const problem = typeof filter === "string" ? filter : findHeadProblem(request);
  if (typeof filter === "string" || problem !== undefined) {
    io.printError(problem ?? "");
    return exitUsage;
  }
  return withStores(io, (access) => run(io, openBook(access), request, filter), { prints: "log" });
}

/** If the record is switched off, the command still reads the old one, but adds nothing to it. */
function openBook({ settings, stores, log }: NodeAccess) {
  const { isEnabled } = settings.record;
  const store = stores.record;
  const sealer = createSealer({ store, keepMs: 0, log });
  return createRecordBook({
    store,
    recorder: { write: async (entry) => (isEnabled ? store.append(entry) : undefined) },
    sealer: isEnabled ? sealer : { seal: async () => undefined },
    steadyNow: () => performance.now(),
  });
}

async function run(io: ProcessIo, book: RecordBook, request: RecordRequest, filter: RecordFilter): Promise<number> {
  if (request.action === "verify") return verify(io, book, request.head);
  if (request.action === "export") {
    for await (const text of await book.export(reader, filter, request.format)) await io.write(text);
    return 0;
  }
  const { entries, total } = await book.list(reader, filter, undefined, request.limit);
  const rows = entries.map(describeEntry);
  if (request.json) io.print(JSON.stringify({ items: rows, total }, undefined, 2));
  else if (rows.length === 0) io.print("Nothing is on record.");
  else for (const line of tableOf(rows)) io.print(line);
  return 0;
}

async function verify(io: ProcessIo, book: RecordBook, head: string | undefined): Promise<number> {
  const progress = (done: number, rows: number) => {
    io.showProgress(`${progressBar(done, rows)} rows`);
  };
  const { rows, head: last, broken } = await book.verify({ head, progress });
  io.showProgress("");
  if (broken !== undefined) {
    io.printError(`The record is broken at row ${broken.sequence}: ${broken.reason}`);
    return 1;
  }
  if (last === undefined) io.print("The record is empty.");
  else io.print(`The record is whole: ${rows} rows, the last is ${last.sequence} with the hash ${last.hash}`);
  return 0;
}

function findHeadProblem(request: RecordRequest): string | undefined {
  if (request.action !== "verify" || request.head === undefined || /^[0-9a-f]{64}$/i.test(request.head))
    return undefined;
  return "--head takes a hash as the log tells it by record.sealed: 64 hexadecimal digits.";
}

/** The filter, or a sentence about what is wrong. */
function readFilter({ event, project, analysis, from, to }: FilterOptions): RecordFilter | string {
  const known = recordEvents.find((name) => name === event);
  if (event !== undefined && known === undefined) return `--event is one of ${recordEvents.join(", ")}.`;
  const [projectId, analysisId] = [project, analysis].map((text) => (text === undefined ? undefined : parseUuid(text)));
  if (project !== undefined && projectId === undefined) return "--project takes a UUID.";
  if (analysis !== undefined && analysisId === undefined) return "--analysis takes a UUID.";
  const [begin, end] = [from, to].map((text) => (text === undefined ? undefined : momentOf(text)));
  const isWrong = [begin, end].some((moment) => moment !== undefined && Number.isNaN(moment.getTime()));
  if (isWrong) return "--from and --to take a time such as 2026-01-31 or 2026-01-31T12:00:00Z.";
  return { event: known, projectId, analysisId, from: begin, to: end };
}

/** An invalid Date for text that is no date, or a time without a zone: JavaScript would not read it as meant. */
function momentOf(text: string): Date {
  return new Date(/^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/i.test(text) ? text : Number.NaN);
}

function tableOf(rows: readonly DescribedEntry[]): string[] {
  const head = ["ROW", "TIME", "EVENT", "OUTCOME", "ACTOR", "OBJECT", "BYTES"];
  const cells = rows.map((row) => {
    const { sequence, time, event, outcome, actor, object_id: object, bytes } = row;
    return [String(sequence), time, event, outcome, printable(actor ?? ""), object ?? "", String(bytes ?? "")];
  });
  return plainTableLines(head, cells);
}

/** Replaces control characters: a client's name must not send commands to the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, "\ufffd");
}
