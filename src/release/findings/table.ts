import Papa from "papaparse";
import type { Finding, Place, Preview } from "./examination.ts";
import type { Pace } from "./pace.ts";
import type { SmallCounts } from "./small-counts.ts";
import { createTableColumns } from "./table-columns.ts";

export interface TableLook {
  readonly rows: number;
  readonly columns: number;
  readonly findings: readonly Finding[];
  readonly preview: Preview;
  /** Whether the time was enough for the whole text. */
  readonly isWhole: boolean;
}

type Newline = "\r\n" | "\n" | "\r";

const delimiters = [",", ";", "\t", "|"];
const sampleCharacters = 32_768;
const pieceCharacters = 32_768;
const longestRow = 1_048_576;
const shownRows = 200;
const shownColumns = 50;
const shownCharacters = 200;
const shownPlaces = 20;

/** Finds the delimiter of a table. The text is a table if nearly all rows at its beginning have equally many cells. */
export function findDelimiter(text: string, isNamedTable: boolean): string | undefined {
  const sample = text.slice(0, sampleLength(text));
  const scored = delimiters.map((delimiter) => ({
    delimiter,
    columns: countColumns(sample, delimiter, sample.length < text.length),
  }));
  const best = scored.sort((one, other) => other.columns - one.columns)[0];
  if (best !== undefined && best.columns >= 2) return best.delimiter;
  return isNamedTable && best?.columns === 1 ? "," : undefined;
}

/** The sample holds at least two rows, however wide they are, unless they exceed the longest row that is read. */
function sampleLength(text: string): number {
  const second = text.indexOf("\n", text.indexOf("\n") + 1) + 1;
  return second > longestRow ? sampleCharacters : Math.max(sampleCharacters, second);
}

/**
 * The number of columns; 0 if there are fewer than two rows, or if fewer than 90 % have as many cells as the first row.
 */
function countColumns(sample: string, delimiter: string, isCut: boolean): number {
  const { rows } = readRows(sample, delimiter, newlineOf(sample), isCut);
  const columns = rows[0]?.length ?? 0;
  const fitting = rows.filter((row) => row.length === columns).length;
  return rows.length >= 2 && fitting / rows.length >= 0.9 ? columns : 0;
}

/** Looks at all cells, piece by piece. Throws when a row is too long for a table. */
export async function lookAtTable(text: string, delimiter: string, small: SmallCounts, pace: Pace): Promise<TableLook> {
  const newline = newlineOf(text);
  const look = createLook(small);
  let size = pieceCharacters;
  for (let start = 0; start < text.length; ) {
    const isCut = start + size < text.length;
    const { rows, read } = readRows(text.slice(start, start + size), delimiter, newline, isCut);
    for (const row of rows) look.take(row);
    if (isCut && read === 0) {
      size *= 4;
      if (size > longestRow) throw new Error("A row is too long");
      continue;
    }
    if (!isCut) break;
    start += read;
    size = pieceCharacters;
    if (!(await pace.next())) return { ...look.result(), isWhole: false };
  }
  return { ...look.result(), isWhole: true };
}

/**
 * Parses the rows of a piece, and counts their characters. If the piece is cut, the last row is left for the next
 * piece.
 */
function readRows(piece: string, delimiter: string, newline: Newline, isCut: boolean) {
  const { data, meta } = new Papa.Parser({ delimiter, newline, fastMode: false }).parse(piece, 0, isCut);
  const rows: string[][] = data;
  const read: number = meta.cursor;
  return { rows: rows.filter((row) => row.length > 1 || row[0]?.trim() !== ""), read };
}

/** The line end of the first line. */
function newlineOf(text: string): Newline {
  const first = text.search(/[\r\n]/);
  if (text.startsWith("\r\n", first)) return "\r\n";
  return text[first] === "\r" ? "\r" : "\n";
}

function createLook(small: SmallCounts) {
  let header: readonly string[] | undefined;
  let [rows, columns, formulas] = [0, 0, 0];
  const shown: string[][] = [];
  const smallCells: [number, number][] = [];
  const formulaPlaces: Place[] = [];
  const texts = createTableColumns();
  const nameOf = (index: number) => header?.[index] ?? `column ${index + 1}`;

  function lookAtCell(cell: string, index: number): void {
    texts.add(index, cell);
    if (small.isSmall(cell)) {
      small.add({ row: rows, column: nameOf(index), value: cell.trim() });
      if (rows <= shownRows && index < shownColumns) smallCells.push([rows - 1, index]);
    }
    // A spreadsheet computes such a cell when it opens the file. A number with a sign is not a formula.
    if (!/^[=+\-@\t\r]/.test(cell) || Number.isFinite(Number(cell))) return;
    formulas += 1;
    if (formulaPlaces.length < shownPlaces) formulaPlaces.push({ row: rows, column: nameOf(index), value: cut(cell) });
  }

  return {
    take(row: readonly string[]) {
      columns = Math.max(columns, row.length);
      if (header === undefined) {
        header = isHeader(row) ? row.map(cut) : [];
        if (header.length > 0) return;
      }
      rows += 1;
      row.forEach(lookAtCell);
      if (rows <= shownRows) shown.push(row.slice(0, shownColumns).map(cut));
    },
    result() {
      const findings: Finding[] = [...small.findings(), ...texts.findings(header ?? [])];
      const message = "Cells that a spreadsheet would compute when it opens the file.";
      if (formulas > 0) findings.push({ code: "formula", message, count: formulas, places: formulaPlaces });
      const names = Array.from({ length: Math.min(columns, shownColumns) }, (_, index) => nameOf(index));
      const isCut = rows > shownRows || columns > shownColumns;
      const preview: Preview = { type: "table", header: names, rows: shown, smallCells, isCut };
      return { rows, columns, findings, preview };
    },
  };
}

/** A row is a header if its cells are distinct names and not numbers. */
function isHeader(row: readonly string[]): boolean {
  const isName = (cell: string) => cell.trim() !== "" && !Number.isFinite(Number(cell.replace(",", ".")));
  const named = row.filter(isName);
  // One cell may be empty: the index column of a data frame has no name.
  return named.length >= Math.max(1, row.length - 1) && new Set(named).size === named.length;
}

function cut(text: string): string {
  return text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)}…`;
}
