/** Repeats a check until it passes; its last failure is thrown when the time is over. For what happens in the background. */
export async function eventually(check: () => unknown, limitMs = 5_000): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await Bun.sleep(20);
    }
  }
}
