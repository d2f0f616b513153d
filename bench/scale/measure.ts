import type { Stores } from "../../test/support/stores.ts";
import type { Operation } from "./operations.ts";

const budgetMs = 4_000;

/**
 * The fastest of so many turns, in milliseconds, which a busy machine disturbs least; fewer where it takes long. Where that can be done, each turn is taken once before, so
 * that its rows are in memory: a disk that reads them for the first time takes what it takes, however they are found.
 */
export async function timeOperation(operation: Operation, stores: Stores, turns: number): Promise<number> {
  // A connection is opened, a statement is read for the first time.
  await operation.run(stores, 0);
  if (operation.isOnce) return timeTurns(operation, stores, turns);
  await timeTurns(operation, stores, turns);
  return timeTurns(operation, stores, turns);
}

async function timeTurns(operation: Operation, stores: Stores, turns: number): Promise<number> {
  const times: number[] = [];
  const start = performance.now();
  for (let turn = 1; turn <= turns && (turn <= 3 || performance.now() - start < budgetMs); turn += 1) {
    const begun = performance.now();
    await operation.run(stores, turn);
    times.push(performance.now() - begun);
  }
  return Math.min(...times);
}
