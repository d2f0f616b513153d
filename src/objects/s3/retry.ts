export const maxAttempts = 3;
const firstPauseMs = 100;

/** Waits before the next attempt, longer each time. */
export async function pauseAfter(attempt: number): Promise<void> {
  await Bun.sleep(firstPauseMs * 4 ** (attempt - 1));
}
