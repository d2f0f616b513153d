import type { Bench } from "../harness/bench.ts";
import { childrenOf } from "../harness/cpu.ts";
import { load } from "../harness/load.ts";
import { inTurns, perThousand, ratioAtLeast } from "../harness/measure.ts";
import { bearer, getRequest } from "../harness/requests.ts";
import { startService } from "../harness/service.ts";
import { openServers } from "../harness/stage.ts";
import { startWorld } from "../harness/world.ts";

/** Two processes on one port beside one, on requests that need nothing but the processor. */
export async function workers(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const world = await startWorld(bench.scratch);
  stack.defer(world.stop);
  const { env } = await openServers(stack);
  const one = await startService(bench.executable, world, env);
  stack.defer(one.stop);
  const two = await startService(bench.executable, world, { ...env, SERVER__WORKERS: "2" });
  stack.defer(two.stop);
  const row = { group: "workers", unit: "/s", against: "one process", goal: ratioAtLeast(1.6) };
  const work = "SERVER__WORKERS=2: token checked, then 422, 64 connections";
  const processes = 1 + childrenOf(two.pid).length;
  if (processes < 2) {
    const note = "this version serves with one process, whatever SERVER__WORKERS says";
    return bench.add({ ...row, work, service: undefined, note });
  }
  const measure = (url: string) => {
    const request = getRequest(`${url}/local/none`, bearer(world.token));
    return load({ url, connections: 64, seconds: bench.seconds, next: () => request, expectedStatus: 422 });
  };
  await measure(two.url);
  const figures = await inTurns(
    bench.rounds,
    perThousand(two.pid, () => measure(two.url)),
    perThousand(one.pid, () => measure(one.url)),
  );
  bench.add({ ...row, work, ...figures, note: "whoever asks shares the cores with them" });
}
