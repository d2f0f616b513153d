import type { Bench } from "../harness/bench.ts";
import { buildHello, startHello } from "../harness/hello.ts";
import { load } from "../harness/load.ts";
import { figureAtLeast, inTurns, perThousand, ratioAtLeast } from "../harness/measure.ts";
import { bearer, getRequest } from "../harness/requests.ts";
import { openStage } from "../harness/stage.ts";

/** The token's check alone, before a hello; and the least that the service does with a token, which ends right behind it. */
export async function tokenChecks(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stage = await openStage(bench, stack, { storage: "embedded" });
  const hello = await startHello(await buildHello(bench.scratch));
  stack.defer(hello.stop);
  const guarded = await startHello(await buildHello(bench.scratch, "checked-hello"), {
    CERTS_URL: stage.world.certsUrl,
  });
  stack.defer(guarded.stop);
  const { seconds } = bench;
  const connections = 64;
  const { url } = stage.service;
  const checked = getRequest(`${url}/local/none`, bearer(stage.world.token));
  const plain = getRequest(`${hello.url}/`, bearer(stage.world.token));
  const { pid } = stage.service;
  const service = perThousand(pid, () => load({ url, connections, seconds, next: () => checked, expectedStatus: 422 }));
  const limit = perThousand(hello.pid, () => load({ url: hello.url, connections, seconds, next: () => plain }));
  const hail = getRequest(`${guarded.url}/`, bearer(stage.world.token));
  const check = perThousand(guarded.pid, () => load({ url: guarded.url, connections, seconds, next: () => hail }));
  await Promise.all([service(), check(), limit()]);
  bench.add({
    group: "token",
    work: `token checked before a hello, ${connections} connections`,
    unit: "/s",
    ...(await inTurns(bench.rounds, check, limit)),
    against: "a bare Bun.serve that says hello",
    goal: ratioAtLeast(0.5),
  });
  bench.add({
    group: "token",
    work: `token checked, then 422 for a bad id, ${connections} connections`,
    unit: "/s",
    ...(await inTurns(bench.rounds, service, limit)),
    against: "a bare Bun.serve that says hello",
    goal: figureAtLeast(18_000),
  });
  const health = getRequest(`${url}/healthz`);
  const cheap = perThousand(pid, () => load({ url, connections, seconds, next: () => health }));
  bench.add({
    group: "token",
    work: `GET /healthz, ${connections} connections`,
    unit: "/s",
    ...(await inTurns(bench.rounds, cheap, limit)),
    against: "a bare Bun.serve that says hello",
  });
}
