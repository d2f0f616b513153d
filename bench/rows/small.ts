import type { Bench } from "../harness/bench.ts";
import { load, loadAfresh } from "../harness/load.ts";
import { inTurns, perThousand, type Row, ratioAtLeast } from "../harness/measure.ts";
import { bearer, cycle, formRequest, getRequest, storeGet, storePuts } from "../harness/requests.ts";
import { openStage, type Stage, type Storage } from "../harness/stage.ts";

const bytes = 4096;
const content = crypto.getRandomValues(new Uint8Array(bytes));

/** How many requests are signed ahead for one turn; then the same keys are written again. */
const signedAhead = 10_000;

const directKeys = () => Array.from({ length: signedAhead }, () => `direct/${crypto.randomUUID()}`);

async function insertResult({ sql }: Storage): Promise<void> {
  const [client, object] = ["bench", crypto.randomUUID()];
  await sql`insert into result (client_id, object_id, filename) values (${client}, ${object}, 'result.bin')`;
}

export async function smallPuts(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stage = await openStage(bench, stack, { storage: "servers" });
  const connections = 16;
  const { seconds } = bench;
  const measure = async (tags: readonly string[]) => {
    const servers = serversOf(stage);
    const requests = tags.map((tag) => {
      return formRequest(`${stage.service.url}/local`, stage.world.token, content, tag === "" ? {} : { tag });
    });
    const { url, pid } = stage.service;
    const service = perThousand(pid, () => load({ url, connections, seconds, next: cycle(requests) }));
    const isTagged = tags[0] !== "";
    const limit = () => {
      const next = cycle(storePuts(servers.store, content, directKeys()));
      const after = isTagged ? { after: () => insertResult(servers) } : {};
      return load({ url: servers.store.endpoint, connections, seconds, next, ...after });
    };
    await load({ url, connections, seconds: 0.5, next: cycle(requests) });
    return inTurns(bench.rounds, service, limit);
  };
  const against = "one PUT straight to the store and one INSERT";
  const common = { group: "small-put", unit: "/s", goal: ratioAtLeast(0.6) };
  const manyTags = Array.from({ length: 500 }, (_, i) => `tag-${i}`);
  const work = (what: string) => `PUT /local, 4 KiB, ${what}, ${connections} connections`;
  bench.add({ ...common, work: work("with one of 500 tags"), ...(await measure(manyTags)), against });
  bench.add({ ...common, work: work("all with the same tag"), ...(await measure(["same"])), against });
  const plain = { ...(await measure([""])), against: "one PUT straight to the store" };
  bench.add({ ...common, work: work("without a tag"), ...plain });
}

export async function smallGets(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stage = await openStage(bench, stack, { storage: "servers" });
  const { store } = serversOf(stage);
  const { url, pid } = stage.service;
  const key = `local/${stage.world.projectId}/${crypto.randomUUID()}`;
  await store.s3.write(key, content, { type: "application/octet-stream" });
  const ours = getRequest(`${url}/local/${key.split("/")[2]}`, bearer(stage.world.token));
  const direct = storeGet(store, key);
  const connections = 64;
  const { seconds } = bench;
  const options = { url: store.endpoint, connections, seconds, next: () => direct };
  await load({ url, connections, seconds: 0.5, next: () => ours });
  const kept = (await load({ ...options, seconds: 1 })) > (await loadAfresh({ ...options, seconds: 1 }));
  const figures = await inTurns(
    bench.rounds,
    perThousand(pid, () => load({ url, connections, seconds, next: () => ours })),
    () => (kept ? load(options) : loadAfresh(options)),
  );
  const row: Row = {
    group: "small-get",
    work: `GET /local, 4 KiB, ${connections} connections`,
    unit: "/s",
    ...figures,
    against: `GET straight from the store, connections ${kept ? "kept" : "opened for each, which is faster"}`,
    goal: ratioAtLeast(0.7),
  };
  bench.add(row);
}

function serversOf({ servers }: Stage): Storage {
  if (servers === undefined) throw new Error("there are no servers");
  return servers;
}
