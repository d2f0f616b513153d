import { besidePass, passWays, startBarePass } from "../harness/bare-pass.ts";
import type { Bench } from "../harness/bench.ts";
import { type CurlResult, curlDiscard, curlForm, objectIdOf } from "../harness/curl.ts";
import { hubToken } from "../harness/hub-client.ts";
import { beside, measureInTurns, mebibyte, perGibibyte, ratioAtLeast } from "../harness/measure.ts";
import { startNodeB } from "../harness/node-b.ts";
import { openStage } from "../harness/stage.ts";

const delayMs = 25;

/** 1 GiB through a Hub that is 25 ms away; the stand-in keeps it in memory. */
export async function intermediates(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stage = await openStage(bench, stack, { storage: "embedded" });
  const { world, service } = stage;
  const nodeB = await startNodeB(bench, stack, world);
  const pass = await startBarePass(stack);
  const bytes = (bench.quick ? 128 : 1024) * mebibyte;
  const file = await bench.file(bytes);
  const token = await hubToken(world);
  const bucket = await world.controls.bucketOf(world.analysisId, "TEMP");
  await world.controls.setDelay(delayMs);
  const rate = (seconds: number) => bytes / 1e6 / seconds;
  const sendEncrypted = () =>
    curlForm("PUT", `${service.url}/intermediate`, world.token, file, { fields: { remote_node_id: nodeB.nodeId } });
  const sendPlain = (url: string) => curlForm("POST", url, token, file, { expectedStatus: 201 });

  const common = { group: "intermediate", unit: "MB/s" };
  const against = "the same by curl, unencrypted, straight to the Hub's stand-in";
  const what = `${bytes / mebibyte} MiB, Hub ${delayMs} ms away`;
  const upload = `${world.hubUrl}/storage/buckets/${bucket}/upload`;
  const rateOfPut = async (send: () => Promise<CurlResult>) => {
    const { seconds } = await send();
    await world.controls.dropFiles();
    return rate(seconds);
  };
  const [sealed, plain, ...passes] = await measureInTurns(
    bench.rounds,
    perGibibyte(service.pid, bytes, () => rateOfPut(sendEncrypted)),
    () => rateOfPut(() => sendPlain(upload)),
    ...passWays.map((way) => perGibibyte(pass.pid, bytes, () => rateOfPut(() => sendPlain(pass.urlOf(way, upload))))),
  );
  const put = { ...common, work: `PUT /intermediate, encrypted, ${what}` };
  bench.add({ ...put, ...beside(sealed, plain), against, goal: ratioAtLeast(0.8) });
  for (const row of besidePass(put, sealed, passes, ratioAtLeast(0.9))) bench.add(row);

  const sealedId = objectIdOf(await sendEncrypted());
  await sendPlain(upload);
  const plainId = (await world.controls.fileIdsOf(bucket)).find((id) => id !== sealedId) ?? "";
  const download = `${world.hubUrl}/storage/bucket-files/${plainId}/stream`;
  const rateOfGet = async (url: string, as: string) => rate((await curlDiscard(url, as)).seconds);
  const openedUrl = `${nodeB.url}/intermediate/${sealedId}?remote_node_id=${service.nodeId}`;
  const [opened, direct, ...passed] = await measureInTurns(
    bench.rounds,
    perGibibyte(nodeB.pid, bytes, () => rateOfGet(openedUrl, world.token)),
    () => rateOfGet(download, token),
    ...passWays.map((way) => perGibibyte(pass.pid, bytes, () => rateOfGet(pass.urlOf(way, download), token))),
  );
  const get = { ...common, work: `GET /intermediate, decrypted, ${what}` };
  bench.add({ ...get, ...beside(opened, direct), against, goal: ratioAtLeast(0.8) });
  for (const row of besidePass(get, opened, passed, ratioAtLeast(0.9))) bench.add(row);
}
