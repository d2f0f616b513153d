import type { Bench } from "./bench.ts";
import { type Service, startService } from "./service.ts";
import { openDataDir } from "./stage.ts";
import type { World } from "./world.ts";

/** The other node of a world, on the embedded default. */
export async function startNodeB(
  bench: Bench,
  stack: AsyncDisposableStack,
  world: World,
  env: Record<string, string> = {},
): Promise<Service> {
  const service = await startService(bench.executable, world, { DATA_DIR: openDataDir(stack), ...env }, 1);
  stack.defer(service.stop);
  return service;
}
