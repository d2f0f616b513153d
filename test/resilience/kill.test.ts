import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { listSweeps } from "../../src/results/sweeps.ts";
import { createSpool } from "../../src/streams/spool.ts";
import { seededRandom } from "../submissions/processes.ts";
import { eventually } from "../support/eventually.ts";
import { formRequest } from "./support/form.ts";
import { beginUpload } from "./support/half-upload.ts";
import { createHttpClient } from "./support/http-client.ts";
import { startLoad } from "./support/load.ts";
import { readProcessFacts } from "./support/process-facts.ts";
import { openStorageView, type StorageView } from "./support/storage-view.ts";
import { verifyAfter } from "./support/verify.ts";
import { canStartWorld, type ResilienceWorld, startResilienceWorld } from "./support/world.ts";

const hourMs = 3_600_000;
const mebibyte = 2 ** 20;

for (const storage of ["servers", "embedded"] as const) {
  describe.skipIf(!canStartWorld({ storage }))(`the service killed on ${storage} storage`, () => {
    let world: ResilienceWorld;
    beforeAll(async () => {
      const env = { RECORD__ENABLED: "1" };
      world = await startResilienceWorld({ storage, name: `kill -9 on ${storage}`, env });
    }, 60_000);
    afterAll(() => world.stop());

    test("at twenty random moments under load, nothing acknowledged is lost, doubled or changed, or off the record", async () => {
      const random = seededRandom(20_261_123);
      const load = startLoad(world, { seed: 1 });
      const settled = load.disturb({ unanswered: true });
      for (let kills = 0; kills < 20; kills++) {
        // Some are killed for certain in the middle of a large upload, whose first parts the store has by then.
        const uploads = kills % 5 > 0 ? [] : ["/local", "/final", "/intermediate"];
        const halves = await Promise.all(uploads.map((path) => beginUpload(world, path, 18 * mebibyte)));
        await load.progress(8);
        await Bun.sleep(random() * 500);
        world.figures.faults += 1;
        await world.service.stop("SIGKILL");
        for (const half of halves) half.close();
        await world.startService();
      }
      settled();
      await load.progress(100, 3);
      await verifyAfter(world, load, { isKilled: true });
      expect(world.figures.unanswered).toBeGreaterThan(0);
    }, 240_000);

    test("what killed uploads have left is recognised and removed once its grace time is over, and nothing else", async () => {
      await world.hubLine.refuse();
      world.hubLine.cut();
      expect(await submitFinal(world, "waits.txt")).toBe(202);
      const view = openStorageView(world);
      // As a kill leaves it between the file and its row.
      const orphan = `submissions/${crypto.randomUUID()}`;
      await view.objects.put(orphan, new Blob(["?"]).stream(), { contentType: "text/plain", filename: "orphan.txt" });
      const half = await beginUpload(world, "/local", 18 * mebibyte);
      await eventually(async () => expect((await view.unfinished()).length).toBeGreaterThan(0), 20_000);
      await world.service.stop("SIGKILL");
      half.close();
      const before = await contentsOf(view);
      if (storage === "servers") {
        await sweep(world, view, 0);
        expect(await contentsOf(view)).toEqual(before);
        await sweep(world, view, 25 * hourMs);
      } else {
        // No other process can use the folder, so nothing has to be waited for.
        await world.startService();
        await eventually(async () => expect(await view.unfinished()).toEqual([]), 10_000);
      }
      const waiting = (await view.submissions.list(["queued", "delivering", "rejected"])).map(({ id }) => id);
      const isOrphan = (key: string) => key.startsWith("submissions/") && !waiting.includes(key.split("/")[1] ?? "");
      const kept = before.keys.filter((key) => !isOrphan(key));
      expect(before.keys.filter(isOrphan)).toContain(orphan);
      expect(waiting).toHaveLength(1);
      await eventually(async () => expect(await contentsOf(view)).toEqual({ ...before, keys: kept, unfinished: [] }));
      await view.close();
    }, 90_000);
  });
}

describe.skipIf(!canStartWorld({ storage: "servers" }))("a service of two workers", () => {
  test("loses nothing when one of them is killed, or the process that holds them", async () => {
    const name = "kill -9 of workers";
    const world = await startResilienceWorld({
      storage: "servers",
      name,
      env: { SERVER__WORKERS: "2", RECORD__ENABLED: "1" },
    });
    const random = seededRandom(20_261_125);
    const load = startLoad(world, { seed: 4 });
    // 503 while none of them listens yet.
    const settled = load.disturb({ unanswered: true, statuses: [503] });
    for (let kills = 0; kills < 6; kills++) {
      await load.progress(8);
      await Bun.sleep(random() * 500);
      world.figures.faults += 1;
      const [worker] = readProcessFacts(world.service.pid).children;
      if (kills % 2 === 0 && worker !== undefined) process.kill(worker, "SIGKILL");
      else {
        await world.service.stop("SIGKILL");
        await world.startService();
      }
    }
    await eventually(() => expect(readProcessFacts(world.service.pid).children).toHaveLength(2), 10_000);
    settled();
    await load.progress(50);
    await verifyAfter(world, load, { isKilled: true }).finally(world.stop);
  }, 240_000);
});

async function contentsOf(view: StorageView) {
  const keys = (await Array.fromAsync(view.objects.list(""))).sort();
  return { keys, rows: (await view.rows()).length, unfinished: [...(await view.unfinished())].sort() };
}

/** The service's own sweeps on its storage, as they will be so much later. */
async function sweep({ spoolDir }: ResilienceWorld, { objects, submissions }: StorageView, laterMs: number) {
  const spool = createSpool({ dir: spoolDir });
  const now = () => Date.now() + laterMs;
  const steadyNow = () => performance.now();
  const catalog = { listRemoved: async () => [] };
  const keepMs = 30 * 24 * hourMs;
  const sweeps = listSweeps({ objects, catalog, submissions, spool, keepMs, isAlone: false, now, steadyNow });
  for (const { run } of sweeps) await run();
}

async function submitFinal(world: ResilienceWorld, name: string): Promise<number | undefined> {
  const client = createHttpClient(world.url);
  const { headers, ...request } = formRequest("/final", [["file", Buffer.from(name), name]]);
  const authorization = { Authorization: `Bearer ${await world.token("2")}` };
  const outcome = await client.send({ ...request, headers: { ...headers, ...authorization } });
  client.close();
  return outcome.kind === "answered" ? outcome.status : undefined;
}
