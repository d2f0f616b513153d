import type { Finding } from "./examination.ts";

/** Finds columns in which nearly every text differs, as in columns of names, pseudonyms or case numbers. */
export interface TableColumns {
  add(column: number, cell: string): void;
  findings(header: readonly string[]): Finding[];
}

interface Column {
  texts: number;
  readonly distinct: Set<string>;
}

const maxColumns = 500;
const maxDistinct = 100_000;
const longestKept = 64;
const fewest = 10;
const mostly = 0.9;

export function createTableColumns(): TableColumns {
  const columns = new Map<number, Column>();
  let kept = 0;
  return {
    add(index, cell) {
      const text = cell.trim();
      // Numbers are not identifiers, unless they have a leading zero: no amount is written so.
      if (text === "" || (Number.isFinite(Number(text.replace(",", "."))) && !/^0\d/.test(text))) return;
      if (index >= maxColumns || kept >= maxDistinct) return;
      const column = columns.get(index) ?? { texts: 0, distinct: new Set<string>() };
      columns.set(index, column);
      column.texts += 1;
      const size = column.distinct.size;
      column.distinct.add(text.slice(0, longestKept));
      kept += column.distinct.size - size;
    },
    findings(header) {
      const suspects = [...columns].filter(
        ([, { texts, distinct }]) => texts >= fewest && distinct.size / texts >= mostly,
      );
      if (suspects.length === 0) return [];
      const places = suspects.map(([index]) => ({ column: header[index] ?? `column ${index + 1}` }));
      const message = "Columns of mostly distinct text, which may identify people.";
      return [{ code: "identifiers", message, count: suspects.length, places: places.slice(0, 20) }];
    },
  };
}
