import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import type { Bench } from "../harness/bench.ts";
import { curlForm, curlSha256, objectIdOf } from "../harness/curl.ts";
import { mebibyte, summarize } from "../harness/measure.ts";
import { startNodeB } from "../harness/node-b.ts";
import { peakMemoryOf } from "../harness/process.ts";
import { openStage } from "../harness/stage.ts";

interface Case {
  readonly generation: HubGeneration;
  readonly framing: string;
  readonly bytes: number;
}

/** A large file from node A to node B by every generation of the Hub and in every framing. */
export async function intermediateSizes(bench: Bench): Promise<void> {
  const bytes = (bench.quick ? 128 : 3072) * mebibyte;
  for (const generation of ["2025", "2026-snake", "2026"] as const) {
    for (const framing of ["segmented", "single", "bound"]) await prove(bench, { generation, framing, bytes });
  }
}

async function prove(bench: Bench, { generation, framing, bytes }: Case): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const env = { CRYPTO__FRAMING: framing };
  const { world, service } = await openStage(bench, stack, { storage: "embedded", generation, env });
  const nodeB = await startNodeB(bench, stack, world, env);
  const fields = { remote_node_id: nodeB.nodeId };
  const file = await bench.file(bytes);
  const id = objectIdOf(await curlForm("PUT", `${service.url}/intermediate`, world.token, file, { fields }));
  const url = `${nodeB.url}/intermediate/${id}?remote_node_id=${service.nodeId}`;
  if ((await curlSha256(url, world.token)) !== (await bench.sha256(bytes)))
    throw new Error("other bytes have come back");
  for (const [what, { pid }] of [
    ["the sender", service],
    ["the receiver", nodeB],
  ] as const) {
    bench.add({
      group: "intermediate-size",
      work: `peak memory of ${what}, ${bytes / mebibyte} MiB byte for byte, ${generation} Hub, ${framing}`,
      unit: "MiB",
      service: summarize([Math.round(peakMemoryOf(pid))]),
    });
  }
}
