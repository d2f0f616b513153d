/** Text, or a number if the database gives one. Between databases: times as ISO 8601, flags as `true` and `false`. */
export type Value = string | number | null;
export type Row = readonly Value[];

export interface Column {
  readonly name: string;
  /** `unknown` in a database without types for times and flags, which stores them as numbers or text. */
  readonly kind: "time" | "flag" | "number" | "other" | "unknown";
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** The tables that this table's foreign keys refer to. */
  readonly needs: readonly string[];
}

/** The journal's entry for one copied object. */
export interface CopiedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Shows whether the source's object has changed since. */
  readonly version: string;
}

/** The rows of a database of either kind. It does not know what the rows mean. */
export interface RowDatabase {
  /** Equal names mean the same database. */
  readonly place: string;
  listTables(): Promise<Table[]>;
  count(table: string): Promise<number>;
  /** All rows of a table, in pages. */
  read(table: Table, columns: readonly string[]): AsyncIterable<Row[]>;
  /** Replaces all rows of the tables by these, in one transaction. */
  replaceAll(tables: readonly Table[], rowsOf: (table: Table) => AsyncIterable<Row[]>): Promise<void>;
  readonly journal: Journal;
  close(): Promise<void>;
}

/** Lists in the target what is already copied, so that the next run can continue one that was killed. */
export interface Journal {
  exists(): Promise<boolean>;
  open(): Promise<void>;
  find(key: string): Promise<CopiedObject | undefined>;
  write(object: CopiedObject): Promise<void>;
  /** Entries after the key, ordered by key. */
  page(after: string, limit: number): Promise<CopiedObject[]>;
  forget(key: string): Promise<void>;
  drop(): Promise<void>;
}

/** Tables of the process or of the copy itself, not data of the node. */
const leftOut = [
  "flame_result_migration",
  "flame_result_copy",
  "operator_session",
  "operator_ticket",
  "usage_reservation",
];

export const isCopied = (table: string): boolean => !leftOut.includes(table) && !table.startsWith("sqlite_");

/** Sorts tables so that each one follows the tables that its foreign keys refer to. */
export function inOrder(tables: readonly Table[]): Table[] {
  const done: Table[] = [];
  const names = new Set(tables.map(({ name }) => name));
  const waiting = [...tables].sort((a, b) => (a.name < b.name ? -1 : 1));
  while (waiting.length > 0) {
    const isReady = (table: Table) =>
      table.needs.every((need) => need === table.name || !names.has(need) || done.some(({ name }) => name === need));
    const next = waiting.findIndex(isReady);
    done.push(...waiting.splice(Math.max(next, 0), 1));
  }
  return done;
}
