/** A value as text, a number where the database has one; times as ISO 8601, flags as `true` and `false` between databases. */
export type Value = string | number | null;
export type Row = readonly Value[];

export interface Column {
  readonly name: string;
  /** What a database without such types has as a number, or as text. */
  readonly kind: "time" | "flag" | "number" | "other" | "unknown";
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Tables whose rows this one's rows point to. */
  readonly needs: readonly string[];
}

/** What was copied of one object. */
export interface CopiedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Tells whether the source has another one by now. */
  readonly version: string;
}

/** The rows of either database, without knowing what they mean. */
export interface RowDatabase {
  /** Two of the same name are the same database. */
  readonly place: string;
  listTables(): Promise<Table[]>;
  count(table: string): Promise<number>;
  /** All rows of a table, in pages. */
  read(table: Table, columns: readonly string[]): AsyncIterable<Row[]>;
  /** Puts these rows in the place of all there are, in one transaction. */
  replaceAll(tables: readonly Table[], rowsOf: (table: Table) => AsyncIterable<Row[]>): Promise<void>;
  readonly journal: Journal;
  close(): Promise<void>;
}

/** In the target: what is copied already, so that a run that was killed is gone on with. */
export interface Journal {
  exists(): Promise<boolean>;
  open(): Promise<void>;
  find(key: string): Promise<CopiedObject | undefined>;
  write(object: CopiedObject): Promise<void>;
  /** By key. */
  page(after: string, limit: number): Promise<CopiedObject[]>;
  forget(key: string): Promise<void>;
  drop(): Promise<void>;
}

/** Of the process or the copy, not of the node. */
const leftOut = [
  "flame_result_migration",
  "flame_result_copy",
  "operator_session",
  "operator_ticket",
  "usage_reservation",
];

export const isCopied = (table: string): boolean => !leftOut.includes(table) && !table.startsWith("sqlite_");

/** Those that others need come first. */
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
