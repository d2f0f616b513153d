import { findFreePort } from "../../test/support/daemon.ts";
import type { Bench } from "../harness/bench.ts";
import { load } from "../harness/load.ts";
import { inTurns, perThousand, ratioAtLeast, ratioAtMost, summarize } from "../harness/measure.ts";
import { bearer, getRequest } from "../harness/requests.ts";
import { type Service, serviceEnvironment, startService } from "../harness/service.ts";
import { openDataDir } from "../harness/stage.ts";
import { startWorld, type World } from "../harness/world.ts";
import { type Candidate, type Start, startInTurns } from "./start.ts";

const group = "earlier";
const against = "an earlier version";

/** What has been added since must cost nothing where it is off: start, idle memory and requests beside an earlier executable. */
export async function besideEarlier(bench: Bench): Promise<void> {
  const { earlier } = bench;
  if (earlier === undefined) return console.log("needs --earlier FILE");
  await using stack = new AsyncDisposableStack();
  const world = await startWorld(bench.scratch);
  stack.defer(world.stop);
  await compareStarts(bench, stack, world, earlier);
  const [now, before] = [await open(bench.executable), await open(earlier)];
  for (const [work, path, status] of [
    ["token checked, then 422 for a bad id", "/local/none", 422],
    ["GET /local/tags without any", "/local/tags", 200],
  ] as const) {
    const send = ({ url, pid }: Service) => {
      const request = getRequest(`${url}${path}`, bearer(world.token));
      const options = { url, connections: 64, seconds: bench.seconds, next: () => request, expectedStatus: status };
      return perThousand(pid, () => load(options));
    };
    await Promise.all([send(now)(), send(before)()]);
    const figures = await inTurns(bench.rounds, send(now), send(before));
    bench.add({ group, work: `${work}, everything off`, unit: "/s", ...figures, against, goal: ratioAtLeast(0.97) });
  }

  async function open(executable: string): Promise<Service> {
    const service = await startService(executable, world, { DATA_DIR: openDataDir(stack) });
    stack.defer(service.stop);
    return service;
  }
}

async function compareStarts(bench: Bench, stack: AsyncDisposableStack, world: World, earlier: string): Promise<void> {
  const port = String(await findFreePort());
  const candidate = (executable: string): Candidate => {
    const env = { ...serviceEnvironment(world, { DATA_DIR: openDataDir(stack) }), SERVER__PORT: port };
    return { command: [executable, "serve"], env, url: `http://127.0.0.1:${port}/healthz` };
  };
  const candidates = [candidate(bench.executable), candidate(earlier)];
  const [now = [], before = []] = await startInTurns(candidates, bench.quick ? 3 : 10);
  const figures = (of: keyof Start) => ({
    service: summarize(now.map((one) => one[of])),
    limit: summarize(before.map((one) => one[of])),
  });
  const row = { group, against, goal: ratioAtMost(1.03) };
  bench.add({ ...row, work: "start to the first 200, everything off", unit: "ms", ...figures("ms") });
  bench.add({ ...row, work: "resident memory, idle, everything off", unit: "MiB", ...figures("memory") });
}
