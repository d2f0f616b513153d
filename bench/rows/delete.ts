import { createHash } from "node:crypto";
import { AwsClient } from "aws4fetch";
import type { Bench } from "../harness/bench.ts";
import { curl } from "../harness/curl.ts";
import { sendAll } from "../harness/load.ts";
import { inTurns, ratioAtLeast, secondsOf } from "../harness/measure.ts";
import { presigned, requestOf } from "../harness/requests.ts";
import { openStage, type Storage, type Store } from "../harness/stage.ts";

const content = crypto.getRandomValues(new Uint8Array(100));
const parallelBatches = 4;

/** Every tenth object is tagged. */
const taggedShare = 10;

export async function deletion(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { world, service, servers } = await openStage(bench, stack, { storage: "servers" });
  if (servers === undefined) throw new Error("there are no servers");
  const count = bench.quick ? 5_000 : 100_000;
  const adapterToken = await world.controls.token("hub-adapter");
  const rate = (seconds: number) => count / seconds;
  const figures = await inTurns(
    bench.quick ? 2 : 1,
    async () => {
      const { projectId, analysisId } = await world.controls.addAnalysis();
      await seed(servers, { projectId, analysisId, count });
      await world.controls.removeProject(projectId);
      const url = `${service.url}/local?project_id=${projectId}`;
      const { seconds } = await curl(["-X", "DELETE", "-H", `Authorization: Bearer ${adapterToken}`, url]);
      await assertEmpty(servers, projectId);
      return rate(seconds);
    },
    async () => {
      const projectId = crypto.randomUUID();
      await seed(servers, { projectId, analysisId: crypto.randomUUID(), count });
      return rate(await secondsOf(() => removeInBulk(servers.store, `local/${projectId}/`)));
    },
  );
  bench.add({
    group: "delete",
    work: `DELETE /local, ${count.toLocaleString("en-US")} objects, every tenth tagged`,
    unit: "objects/s",
    ...figures,
    against: `listing and DeleteObjects, ${parallelBatches} at once`,
    goal: ratioAtLeast(0.7),
  });
}

interface Project {
  readonly projectId: string;
  readonly analysisId: string;
  readonly count: number;
}

/** As the service would have stored them. */
async function seed({ store, sql }: Storage, { projectId, analysisId, count }: Project): Promise<void> {
  const ids = Array.from({ length: count }, () => crypto.randomUUID());
  const puts = ids
    .values()
    .map((id) => requestOf("PUT", presigned(store.s3, `local/${projectId}/${id}`, "PUT"), {}, content));
  await sendAll(store.endpoint, 16, puts);
  const tagged = ids.filter((_, index) => index % taggedShare === 0);
  await sql.begin(async (tx) => {
    await tx`insert into tag (tag_name, project_id) values ('many', ${projectId})`;
    await tx`insert into result (client_id, object_id, filename)
      select ${analysisId}, id::uuid, 'result.bin' from regexp_split_to_table(${tagged.join(" ")}, ' ') as id`;
    await tx`insert into taggedresult (tag_id, result_id) select tag.id, result.id from tag, result
      where project_id = ${projectId} and client_id = ${analysisId}`;
  });
}

async function assertEmpty({ store, sql }: Storage, projectId: string): Promise<void> {
  const { contents = [] } = await store.s3.list({ prefix: `local/${projectId}/`, maxKeys: 1 });
  const rows = await sql`select id from tag where project_id = ${projectId}`;
  if (contents.length + rows.length > 0) throw new Error("something of the project is left");
}

/** Pages of 1,000 as they are listed, each removed by one request, as many at once as the service sends. */
async function removeInBulk(store: Store, prefix: string): Promise<void> {
  const { accessKey: accessKeyId, secretKey: secretAccessKey } = store;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region: "us-east-1", service: "s3" });
  const running = new Set<Promise<void>>();
  let startAfter: string | undefined;
  for (;;) {
    const page = await store.s3.list({ prefix, maxKeys: 1000, ...(startAfter === undefined ? {} : { startAfter }) });
    const keys = (page.contents ?? []).map(({ key }) => key);
    if (keys.length > 0) {
      const batch: Promise<void> = removeKeys(client, store, keys).finally(() => running.delete(batch));
      running.add(batch);
    }
    if (running.size >= parallelBatches) await Promise.race(running);
    if (!page.isTruncated) break;
    startAfter = keys.at(-1);
  }
  await Promise.all(running);
}

async function removeKeys(client: AwsClient, { endpoint, bucket }: Store, keys: readonly string[]): Promise<void> {
  const body = `<Delete><Quiet>true</Quiet>${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join("")}</Delete>`;
  const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
  const answer = await client.fetch(`${endpoint}/${bucket}?delete`, { method: "POST", body, headers });
  const text = await answer.text();
  if (!answer.ok || text.includes("<Error>")) throw new Error(`DeleteObjects answered ${answer.status}: ${text}`);
}
