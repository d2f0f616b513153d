type Rows = readonly (readonly string[])[];

/** Lines of a table for people, with two blanks between columns. Numbers are aligned right. */
export function tableLines(head: readonly string[], rows: Rows): string[] {
  const isNumber = head.map((_, column) => rows.every((row) => /^[\d,]*(?: [kMGTP]?i?B)?$/.test(row[column] ?? "")));
  return alignedLines(head, rows, (cell, width, column) =>
    isNumber[column] ? cell.padStart(width) : cell.padEnd(width),
  );
}

/** The same table with all columns aligned left. */
export function plainTableLines(head: readonly string[], rows: Rows): string[] {
  return alignedLines(head, rows, (cell, width) => cell.padEnd(width));
}

function alignedLines(
  head: readonly string[],
  rows: Rows,
  align: (cell: string, width: number, column: number) => string,
): string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => align(cell, widths[column] ?? 0, column))
      .join("  ")
      .trimEnd(),
  );
}
