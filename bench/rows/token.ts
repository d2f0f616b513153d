import type { Bench } from "../harness/bench.ts";
import { buildHello, startHello } from "../harness/hello.ts";
import { load } from "../harness/load.ts";
import { inTurns, ratioAtLeast } from "../harness/measure.ts";
import { bearer, getRequest } from "../harness/requests.ts";
import { openStage } from "../harness/stage.ts";

/** A request that ends right behind the token's check, at an id that is none. */
export async function tokenChecks(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stage = await openStage(bench, stack, { storage: "embedded" });
  const hello = await startHello(await buildHello(bench.scratch));
  stack.defer(hello.stop);
  const { seconds } = bench;
  const connections = 64;
  const { url } = stage.service;
  const checked = getRequest(`${url}/local/none`, bearer(stage.world.token));
  const plain = getRequest(`${hello.url}/`, bearer(stage.world.token));
  const service = () => load({ url, connections, seconds, next: () => checked, expectedStatus: 422 });
  const limit = () => load({ url: hello.url, connections, seconds, next: () => plain });
  await Promise.all([service(), limit()]);
  bench.add({
    group: "token",
    work: `token checked, then 422 for a bad id, ${connections} connections`,
    unit: "/s",
    ...(await inTurns(bench.rounds, service, limit)),
    against: "a bare Bun.serve that says hello",
    goal: ratioAtLeast(0.5),
  });
  const health = getRequest(`${url}/healthz`);
  const cheap = () => load({ url, connections, seconds, next: () => health });
  bench.add({
    group: "token",
    work: `GET /healthz, ${connections} connections`,
    unit: "/s",
    ...(await inTurns(bench.rounds, cheap, limit)),
    against: "a bare Bun.serve that says hello",
  });
}
