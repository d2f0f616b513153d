import type { Bench } from "../harness/bench.ts";
import { curlForm } from "../harness/curl.ts";
import { inTurns, mebibyte, perGibibyte, ratioAtLeast } from "../harness/measure.ts";
import { type Service, startService } from "../harness/service.ts";
import { openServers } from "../harness/stage.ts";
import { startWorld } from "../harness/world.ts";

/** What it costs that a final is stored durably before the Hub gets it. */
export async function finals(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const world = await startWorld(bench.scratch);
  stack.defer(world.stop);
  const { env } = await openServers(stack);
  const start = async (more: Record<string, string>) => {
    const service = await startService(bench.executable, world, { ...env, SUBMISSIONS__WAIT_SECONDS: "600", ...more });
    stack.defer(service.stop);
    return service;
  };
  const [queued, direct] = [await start({}), await start({ FINAL__QUEUE: "0" })];
  for (const [size, bytes] of [
    ["1 MiB", mebibyte],
    bench.quick ? (["64 MiB", 64 * mebibyte] as const) : (["1 GiB", 1024 * mebibyte] as const),
  ] as const) {
    const file = await bench.file(bytes);
    const send = async ({ url }: Service) => {
      const answer = await curlForm("PUT", `${url}/final`, world.token, file, { expectedStatus: 204 });
      await world.controls.dropFiles();
      return bytes / 1e6 / answer.seconds;
    };
    await Promise.all([send(queued), send(direct)]);
    const figures = await inTurns(
      bench.rounds,
      perGibibyte(queued.pid, bytes, () => send(queued)),
      perGibibyte(direct.pid, bytes, () => send(direct)),
    );
    const against = "the same without the queue";
    bench.add({
      group: "final",
      work: `PUT /final, ${size}, queued in S3 and PostgreSQL`,
      unit: "MB/s",
      ...figures,
      against,
      goal: bytes > mebibyte ? ratioAtLeast(0.5) : undefined,
    });
  }
}
