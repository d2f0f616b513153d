import { readdirSync, readFileSync } from "node:fs";
import type { Bench } from "../harness/bench.ts";
import { load } from "../harness/load.ts";
import { inTurns, ratioAtLeast } from "../harness/measure.ts";
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
  const processes = 1 + childrenOf(two.pid);
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
    () => measure(two.url),
    () => measure(one.url),
  );
  bench.add({ ...row, work, ...figures, note: "whoever asks shares the cores with them" });
}

function childrenOf(parent: number): number {
  const isChild = (pid: string) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent;
    } catch {
      return false;
    }
  };
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isChild(name)).length;
}
