import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { describeEntry } from "./describe-entry.ts";
import type { SealedEntry } from "./record-store.ts";

/** The hash that precedes the first row. */
export const genesis = "0".repeat(64);

/** SHA-256 of the previous hash (32 bytes) and the row without its own hash, as canonical JSON (RFC 8785) in UTF-8. */
export function hashEntry(previous: string, entry: Omit<SealedEntry, "hash">): string {
  const { hash: _, ...row } = describeEntry({ ...entry, hash: "" });
  const text = canonicalize(row);
  if (text === undefined) throw new Error("a row of the record cannot be written as JSON");
  return createHash("sha256").update(Buffer.from(previous, "hex")).update(text, "utf8").digest("hex");
}

/** Gives the rows their numbers and hashes, in the given order. */
export function chain<Row extends Omit<SealedEntry, "sequence" | "hash">>(
  last: { readonly sequence: number; readonly hash: string } | undefined,
  rows: readonly Row[],
): (Row & { readonly sequence: number; readonly hash: string })[] {
  let { sequence, hash } = last ?? { sequence: 0, hash: genesis };
  return rows.map((row) => {
    sequence += 1;
    hash = hashEntry(hash, { ...row, sequence });
    return { ...row, sequence, hash };
  });
}
