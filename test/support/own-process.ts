/**
 * Runs a script in a process of its own and resolves to what it prints, as JSON. Memory is measured there: the process
 * of the tests gives back what earlier tests have left at any moment, also between two measurements.
 */
export async function runInOwnProcess<T>(script: URL, ...args: readonly string[]): Promise<T> {
  const path = Bun.fileURLToPath(script);
  const child = Bun.spawn([process.execPath, path, ...args], { stdout: "pipe", stderr: "inherit" });
  const printed = await child.stdout.text();
  const exitCode = await child.exited;
  if (exitCode !== 0) throw new Error(`${path} ended with ${exitCode}: ${printed}`);
  return JSON.parse(printed) as T;
}

/** The bytes that the heap of this process holds, without garbage. */
export function heldBytes(): number {
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
}
