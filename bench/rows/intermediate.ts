import type { Bench } from "../harness/bench.ts";
import { curlDiscard, curlForm, objectIdOf } from "../harness/curl.ts";
import { hubToken } from "../harness/hub-client.ts";
import { inTurns, mebibyte, ratioAtLeast } from "../harness/measure.ts";
import { startNodeB } from "../harness/node-b.ts";
import { openStage } from "../harness/stage.ts";

const delayMs = 25;

/** 1 GiB through a Hub that is 25 ms away; the stand-in keeps it in memory. */
export async function intermediates(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stage = await openStage(bench, stack, { storage: "embedded" });
  const { world, service } = stage;
  const nodeB = await startNodeB(bench, stack, world);
  const bytes = (bench.quick ? 128 : 1024) * mebibyte;
  const file = await bench.file(bytes);
  const token = await hubToken(world);
  const bucket = await world.controls.bucketOf(world.analysisId, "TEMP");
  await world.controls.setDelay(delayMs);
  const rate = (seconds: number) => bytes / 1e6 / seconds;
  const sendEncrypted = () =>
    curlForm("PUT", `${service.url}/intermediate`, world.token, file, { fields: { remote_node_id: nodeB.nodeId } });
  const sendPlain = () =>
    curlForm("POST", `${world.hubUrl}/storage/buckets/${bucket}/upload`, token, file, { expectedStatus: 201 });

  const common = { group: "intermediate", unit: "MB/s", goal: ratioAtLeast(0.8) };
  const what = `${bytes / mebibyte} MiB, Hub ${delayMs} ms away`;
  const puts = await inTurns(
    bench.rounds,
    async () => {
      const { seconds } = await sendEncrypted();
      await world.controls.dropFiles();
      return rate(seconds);
    },
    async () => {
      const { seconds } = await sendPlain();
      await world.controls.dropFiles();
      return rate(seconds);
    },
  );
  const against = "the same by curl, unencrypted, straight to the Hub's stand-in";
  bench.add({ ...common, work: `PUT /intermediate, encrypted, ${what}`, ...puts, against });

  const sealed = objectIdOf(await sendEncrypted());
  await sendPlain();
  const plain = (await world.controls.fileIdsOf(bucket)).find((id) => id !== sealed) ?? "";
  const gets = await inTurns(
    bench.rounds,
    async () => {
      const url = `${nodeB.url}/intermediate/${sealed}?remote_node_id=${service.nodeId}`;
      return rate((await curlDiscard(url, world.token)).seconds);
    },
    async () => rate((await curlDiscard(`${world.hubUrl}/storage/bucket-files/${plain}/stream`, token)).seconds),
  );
  bench.add({ ...common, work: `GET /intermediate, decrypted, ${what}`, ...gets, against });
}
