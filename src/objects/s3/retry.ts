import { backoff } from "../../time/backoff.ts";

export const maxAttempts = 3;
const pauses = { firstMs: 100, longestMs: 10_000, factor: 4 };

/** Waits before the next attempt, longer each time. */
export async function pauseAfter(attempt: number): Promise<void> {
  await Bun.sleep(backoff(attempt, pauses));
}
