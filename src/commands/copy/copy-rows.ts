import type { Column, Row, RowDatabase, Table, Value } from "./row-database.ts";

export interface SharedTable {
  readonly from: Table;
  /** Has only the columns that exist on both sides. */
  readonly to: Table;
}

/** A checksum of a database's rows that does not depend on their order. */
export interface Fingerprint {
  readonly rows: number;
  readonly sum: bigint;
}

/** Throws if the target lacks a table that has rows in the source, so that no row is lost silently. */
export async function findSharedTables(from: RowDatabase, to: RowDatabase): Promise<SharedTable[]> {
  const [sources, targets] = [await from.listTables(), await to.listTables()];
  const shared: SharedTable[] = [];
  for (const source of sources) {
    const target = targets.find(({ name }) => name === source.name);
    if (target === undefined) {
      if ((await from.count(source.name)) > 0)
        throw new Error(`The target has no table ${source.name} as the source has`);
      continue;
    }
    const columns = target.columns.filter(({ name }) => source.columns.some((column) => column.name === name));
    shared.push({ from: source, to: { ...target, columns } });
  }
  return shared;
}

export async function copyRows(from: RowDatabase, to: RowDatabase, tables: readonly SharedTable[]): Promise<void> {
  await to.replaceAll(
    tables.map((table) => table.to),
    (target) => translated(from, target, tables),
  );
}

export async function fingerprint(database: RowDatabase, tables: readonly SharedTable[]): Promise<Fingerprint> {
  let [rows, sum] = [0, 0n];
  for (const { from, to } of tables) {
    const names = to.columns.map(({ name }) => name);
    for await (const page of database.read(from, names)) {
      rows += page.length;
      for (const row of page) sum = BigInt.asUintN(64, sum + hashOf(from.name, row));
    }
  }
  return { rows, sum };
}

function hashOf(table: string, row: Row): bigint {
  return new Bun.CryptoHasher("sha256").update(table).update(JSON.stringify(row)).digest().readBigUInt64LE();
}

async function* translated(from: RowDatabase, target: Table, tables: readonly SharedTable[]): AsyncGenerator<Row[]> {
  const source = tables.find(({ to }) => to.name === target.name)?.from;
  if (source === undefined) return;
  const columns = target.columns.map((column) => {
    return [source.columns.find(({ name }) => name === column.name) ?? column, column] as const;
  });
  const names = target.columns.map(({ name }) => name);
  for await (const page of from.read(source, names)) {
    yield page.map((row) => columns.map(([before, after], at) => translate(row[at] ?? null, before, after)));
  }
}

/** SQLite has no types for times and booleans: it stores both as numbers. */
function translate(value: Value, from: Column, to: Column): Value {
  if (value === null || from.kind === to.kind) return value;
  if (to.kind === "unknown") {
    if (from.kind === "time") return Date.parse(String(value));
    if (from.kind === "flag") return value === "true" ? 1 : 0;
    return from.kind === "number" ? Number(value) : value;
  }
  if (to.kind === "time") return new Date(Number(value)).toISOString();
  if (to.kind === "flag") return value === 1 ? "true" : "false";
  return value;
}
