import type { Stores } from "../../test/support/stores.ts";
import type { Operation } from "./operations.ts";

const budgetMs = 4_000;

/** The median of so many turns, in milliseconds; fewer where it takes long. */
export async function timeOperation(operation: Operation, stores: Stores, turns: number): Promise<number> {
  const times: number[] = [];
  // Not counted: a connection is opened, a statement is read for the first time.
  await operation.run(stores, 0);
  const start = performance.now();
  for (let turn = 1; turn <= turns && (turn <= 3 || performance.now() - start < budgetMs); turn += 1) {
    const begun = performance.now();
    await operation.run(stores, turn);
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? Number.NaN;
}
