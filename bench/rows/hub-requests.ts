import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import type { Bench } from "../harness/bench.ts";
import { curlDiscard, curlForm, objectIdOf } from "../harness/curl.ts";
import { type Figures, figureAtMost, repeated } from "../harness/measure.ts";
import { startNodeB } from "../harness/node-b.ts";
import { openStage } from "../harness/stage.ts";
import type { World } from "../harness/world.ts";

/** How often the Hub is asked for one operation once everything that can be remembered is. */
export async function hubRequests(bench: Bench): Promise<void> {
  for (const generation of ["2025", "2026-snake", "2026"] as const) {
    await countFor(bench, generation);
    await countAmongMany(bench, generation);
  }
}

const filesBefore = 550;

/** A final's name has to be free in its bucket, which other finals fill. */
async function countAmongMany(bench: Bench, generation: HubGeneration): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { world, service } = await openStage(bench, stack, { storage: "embedded", generation });
  const file = await bench.file(1024);
  const put = () => curlForm("PUT", `${service.url}/final`, world.token, file, { expectedStatus: 204 });
  await put();
  await world.controls.addFilesLikeFirst(await world.controls.bucketOf(world.analysisId, "RESULT"), filesBefore);
  const counts = await countEach(bench, world, put);
  bench.add({
    group: "hub-requests",
    work: `requests to a ${generation} Hub for PUT /final into a bucket of ${filesBefore} files`,
    unit: "",
    service: counts,
    goal: figureAtMost(3),
  });
}

async function countEach(bench: Bench, { controls }: World, run: () => Promise<unknown>): Promise<Figures> {
  await run();
  return repeated(bench.rounds, async () => {
    const before = await controls.countRequests();
    await run();
    return (await controls.countRequests()) - before;
  });
}

async function countFor(bench: Bench, generation: HubGeneration): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { world, service } = await openStage(bench, stack, { storage: "embedded", generation });
  const nodeB = await startNodeB(bench, stack, world);
  const file = await bench.file(1024);
  const { token } = world;
  const url = (path: string) => `${service.url}${path}`;
  const put = (path: string, fields = {}, expectedStatus = 200) =>
    curlForm("PUT", url(path), token, file, { fields, expectedStatus });
  const localId = objectIdOf(await put("/local", { tag: "known" }));
  const encrypted = { remote_node_id: nodeB.nodeId };
  const sentId = objectIdOf(await put("/intermediate", encrypted));
  const get = (path: string) => curlDiscard(url(path), token);
  const operations: readonly Operation[] = [
    {
      name: "PUT and GET /local and GET /local/tags",
      goal: 0,
      run: async () => {
        await put("/local", { tag: "known" });
        await get(`/local/${localId}`);
        await get("/local/tags");
      },
    },
    {
      name: "PUT /intermediate",
      goal: generation === "2025" ? 2 : 1,
      run: () => put("/intermediate", encrypted),
    },
    {
      name: "GET /intermediate",
      goal: 2,
      run: () => curlDiscard(`${nodeB.url}/intermediate/${sentId}?remote_node_id=${service.nodeId}`, token),
    },
    { name: "PUT /final", goal: undefined, run: () => put("/final", {}, 204) },
  ];
  for (const { name, goal, run } of operations) {
    bench.add({
      group: "hub-requests",
      work: `requests to a ${generation} Hub for ${name}`,
      unit: "",
      service: await countEach(bench, world, run),
      goal: goal === undefined ? undefined : figureAtMost(goal),
    });
  }
}

interface Operation {
  readonly name: string;
  readonly goal: number | undefined;
  readonly run: () => Promise<unknown>;
}
