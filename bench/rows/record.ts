import { findFreePort } from "../../test/support/daemon.ts";
import type { Bench } from "../harness/bench.ts";
import { curlForm } from "../harness/curl.ts";
import { inTurns, mebibyte, perGibibyte, ratioAtLeast } from "../harness/measure.ts";
import { type Service, startService } from "../harness/service.ts";
import { openServers } from "../harness/stage.ts";
import { startWorld, type World } from "../harness/world.ts";

const delayMs = 25;

/** What it costs that whatever leaves is put on record, beside the same service without a record. */
export async function records(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const world = await startWorld(bench.scratch);
  stack.defer(world.stop);
  await world.controls.setDelay(delayMs);
  const start = async (record: "0" | "1") => {
    const { env } = await openServers(stack);
    const port = String(await findFreePort());
    const more = { SUBMISSIONS__WAIT_SECONDS: "600", RECORD__ENABLED: record, SERVER__PORT: port };
    const service = await startService(bench.executable, world, { ...env, ...more });
    stack.defer(service.stop);
    return service;
  };
  const [recorded, bare] = [await start("1"), await start("0")];
  const large = (bench.quick ? 64 : 512) * mebibyte;
  const loads: readonly Load[] = [
    { path: "/intermediate", status: 200, bytes: mebibyte, times: 50 },
    { path: "/intermediate", status: 200, bytes: large, times: 1 },
    { path: "/final", status: 204, bytes: mebibyte, times: 50 },
    { path: "/final", status: 204, bytes: large, times: 1 },
  ];
  for (const load of loads) {
    const send = (service: Service) =>
      perGibibyte(service.pid, load.bytes * load.times, () => rateOf(bench, world, service, load));
    await send(recorded)();
    await send(bare)();
    const figures = await inTurns(bench.rounds, send(recorded), send(bare));
    bench.add({
      group: "record",
      work: `PUT ${load.path}, ${load.bytes / mebibyte} MiB, Hub ${delayMs} ms away, on record`,
      unit: "MB/s",
      ...figures,
      against: "the same without a record",
      goal: ratioAtLeast(0.97),
    });
  }
}

interface Load {
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
  /** One after the other. */
  readonly times: number;
}

async function rateOf(bench: Bench, world: World, { url }: Service, { path, status, bytes, times }: Load) {
  const file = await bench.file(bytes);
  let total = 0;
  for (let time = 0; time < times; time += 1) {
    total += (await curlForm("PUT", `${url}${path}`, world.token, file, { expectedStatus: status })).seconds;
    if (path === "/final") await world.controls.dropFiles();
  }
  await world.controls.dropFiles();
  return (bytes * times) / 1e6 / total;
}
