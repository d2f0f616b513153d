import { initialState, type RetentionState } from "./retention-state.ts";

/** A row of either database. */
type Row = { readonly [Name in keyof RetentionState]: Exclude<RetentionState[Name], undefined> | null };

export function asState(row: (Row & Record<string, unknown>) | undefined): RetentionState {
  if (row === undefined) return initialState;
  return {
    clockAt: row.clockAt ?? undefined,
    aheadMs: row.aheadMs ?? 0,
    unprovenMs: row.unprovenMs ?? 0,
    provenForMs: row.provenForMs ?? 0,
    rules: row.rules ?? undefined,
    rulesSince: row.rulesSince ?? undefined,
    sweptAt: row.sweptAt ?? undefined,
    listingCursor: row.listingCursor ?? undefined,
    listedObjects: row.listedObjects ?? 0,
    listedAt: row.listedAt ?? undefined,
  };
}

/** A key with the value `undefined` sets a nullable column to null. */
export function columnsOf(changes: Partial<RetentionState>) {
  const { aheadMs, unprovenMs, provenForMs, listedObjects, ...others } = changes;
  const numbers = { aheadMs, unprovenMs, provenForMs, listedObjects };
  const emptied = Object.fromEntries(Object.entries(others).map(([name, value]) => [name, value ?? null]));
  return { ...numbers, ...emptied };
}
