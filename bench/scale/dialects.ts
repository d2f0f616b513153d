/** What the two databases write differently, in statements that fill a table with a series of numbers `n`. */
export interface Dialect {
  /** An id that is spread over all ids, as random ones are; each `n` of a kind has its own. */
  uuid(kind: number, n: string): string;
  /** The same id, for a column of text. */
  uuidText(kind: number, n: string): string;
  /** 64 hex digits. */
  sha256(n: string): string;
  /** A moment so many seconds ago. */
  ago(seconds: string): string;
  readonly no: string;
  /** `n` from 0 on, as a table. */
  series(count: number): string;
}

/** Odd, so that no two numbers below 2^48 lead to the same one; products stay below 2^63. */
const factor = 363_636_363_637;
const mask = 2 ** 48 - 1;
const spread = (n: string) => `(((${n}) * ${factor}) & ${mask})`;

function uuidFrom(hex: string, kind: number): string {
  return `(substr(${hex}, 1, 8) || '-' || substr(${hex}, 9, 4) || '-4000-8000-00000000000${kind}')`;
}

function postgresHex(n: string): string {
  return `lpad(to_hex(${spread(`(${n})::bigint`)}), 12, '0')`;
}
function sqliteHex(n: string): string {
  return `printf('%012x', ${spread(n)})`;
}

export const postgresDialect: Dialect = {
  uuid: (kind, n) => `${uuidFrom(postgresHex(n), kind)}::uuid`,
  uuidText: (kind, n) => uuidFrom(postgresHex(n), kind),
  sha256: (n) => `repeat(lpad(to_hex(${spread(`(${n})::bigint`)}), 16, '0'), 4)`,
  ago: (seconds) => `(now() - (${seconds}) * interval '1 second')`,
  no: "false",
  series: (count) => `generate_series(0, ${count - 1}) as series(n)`,
};

export const sqliteDialect: Dialect = {
  uuid: (kind, n) => uuidFrom(sqliteHex(n), kind),
  uuidText: (kind, n) => uuidFrom(sqliteHex(n), kind),
  sha256: (n) => {
    const hex = `printf('%016x', ${spread(n)})`;
    return `(${Array(4).fill(hex).join(" || ")})`;
  },
  ago: (seconds) => `(cast(unixepoch() - (${seconds}) as integer) * 1000)`,
  no: "0",
  series: (count) =>
    `(with recursive series(n) as (select 0 union all select n + 1 from series where n < ${count - 1}) select n from series)`,
};

/** The id that `uuid(kind, n)` gives. */
export function idOf(kind: number, n: number): string {
  const hex = ((BigInt(n) * BigInt(factor)) & BigInt(mask)).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-4000-8000-00000000000${kind}`;
}

/** The kinds of ids. */
export const kinds = {
  project: 1,
  analysis: 2,
  object: 3,
  queued: 4,
  delivered: 5,
  rejected: 6,
  removed: 7,
  request: 8,
} as const;
