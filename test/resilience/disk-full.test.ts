import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { canMount, mountSmallDisk, type SmallDisk } from "../support/small-disk.ts";
import { contentOf } from "./support/content.ts";
import { startLoad } from "./support/load.ts";
import { type Answer, createHttpPoller, fieldOf, type HttpPoller } from "./support/poller.ts";
import { verifyAfter } from "./support/verify.ts";
import { canStartWorld, type ResilienceWorld, startResilienceWorld } from "./support/world.ts";

const mebibyte = 2 ** 20;
const limitMs = 120_000;

const file = (name: string, bytes = 100) => new File([contentOf(bytes, bytes)], name);
const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status);

describe.skipIf(!canMount())("a full disk", () => {
  let disk: SmallDisk;
  let world: ResilienceWorld;
  let poller: HttpPoller;
  beforeEach(() => {
    const mounted = mountSmallDisk(128);
    if (mounted === undefined) throw new Error("it cannot be mounted");
    disk = mounted;
  });
  afterEach(async () => {
    await world?.stop();
    disk.remove();
  });

  async function start(options: Parameters<typeof startResilienceWorld>[0]) {
    world = await startResilienceWorld(options);
    poller = createHttpPoller(world);
  }
  const filesAtHub = () =>
    world.hub.filesOf(world.hub.bucketOf(world.surroundings.analyses[0], "RESULT").bucketId ?? "");

  describe("under the embedded storage", () => {
    beforeEach(() => start({ storage: "embedded", dataDir: disk.path, name: "full disk, embedded" }), limitMs);

    test(
      "under load: what does not fit is 507, reading goes on, and with room again all is well",
      async () => {
        const load = startLoad(world, { seed: 51, maxBytes: 4 * mebibyte });
        await Bun.sleep(1_500);
        for (const leaveBytes of [0, 2 * mebibyte, 0]) {
          disk.fill(leaveBytes);
          const calm = load.disturb({ statuses: [507] });
          await Bun.sleep(1_500);
          disk.empty();
          await Bun.sleep(500);
          calm();
          await Bun.sleep(500);
        }
        await load.stop();
        expect(world.figures.statuses[507] ?? 0).toBeGreaterThan(10);
        await verifyAfter(world, load);
        expect(integrity()).toBe("ok");
      },
      limitMs,
    );

    test(
      "nothing half-done: neither object nor row, nor file at the Hub",
      async () => {
        const kept = await poller.put("1", "/local", file("kept"), [["tag", "kept"]]);
        const id = String(fieldOf(kept, "object_id"));
        disk.fill();
        const writes = [
          await poller.put("1", "/local", file("no", mebibyte)),
          await poller.put("1", "/local", file("no", mebibyte), [["tag", "no"]]),
          await poller.put("1", "/final", file("no", mebibyte)),
          await poller.put("1", "/intermediate", file("no", mebibyte)),
        ];
        expect(statuses(writes)).toEqual([507, 507, 507, 507]);
        expect(writes.map((answer) => fieldOf(answer, "detail"))).toEqual([
          "The object store is full",
          "The object store is full",
          "The object store is full",
          "There is no room for temporary files on this node",
        ]);
        const reads = ["/healthz", `/local/${id}`, "/local/tags", "/local/tags/kept", "/local/tags/no"];
        for (const path of reads) expect([path, (await poller.get("1", path)).status]).toEqual([path, 200]);
        expect((await poller.get("1", "/local/tags/no")).json).toEqual({ results: [] });
        expect(filesAtHub()).toEqual([]);
        // Not a byte of it is needed here: the receiver is known before the file comes.
        const fields = [["remote_node_id", world.surroundings.peerNodeId]] as const;
        expect((await poller.put("1", "/intermediate", file("through", mebibyte), fields)).status).toBe(200);
        disk.empty();
        expect((await poller.put("1", "/local", file("yes", mebibyte), [["tag", "yes"]])).status).toBe(200);
        expect((await poller.put("1", "/final", file("yes", mebibyte))).status).toBe(204);
        expect(filesAtHub().map(({ path }) => path)).toEqual(["yes"]);
        expect(integrity()).toBe("ok");
      },
      limitMs,
    );

    test(
      "a final that waits for the Hub when the disk gets full is delivered, once, whatever can be written down",
      async () => {
        await world.hubLine.refuse();
        world.hubLine.cut();
        const answer = await poller.put("1", "/final", file("waiting.bin", mebibyte));
        expect(answer.status).toBe(202);
        disk.fill();
        await world.hubLine.resume();
        const path = `/final/submissions/${fieldOf(answer, "submission_id")}`;
        await Bun.sleep(3_000);
        expect(["queued", "delivered"]).toContain(String(fieldOf(await poller.get("1", path), "status")));
        disk.empty();
        await eventually(async () => {
          expect(fieldOf(await poller.get("1", path), "status")).toBe("delivered");
        }, 60_000);
        expect(filesAtHub().map(({ name, size }) => [name, size])).toEqual([["waiting.bin", mebibyte]]);
        world.figures.faults += 2;
      },
      limitMs,
    );

    test(
      "a project is removed for all that, which makes room",
      async () => {
        const projectId = world.hub.addProject();
        const clientId = world.hub.addAnalysis({ projectId });
        for (let index = 0; index < 20; index++) {
          const answer = await poller.put({ clientId }, "/local", file(`f${index}`, mebibyte), [["tag", `t${index}`]]);
          expect(answer.status).toBe(200);
        }
        await world.hub.removeProject(projectId);
        disk.fill();
        const removal = await poller.get("adapter", `/local?project_id=${projectId}`, { method: "DELETE" });
        expect([removal.status, removal.json]).toEqual([200, null]);
        expect(disk.freeBytes()).toBeGreaterThan(20 * mebibyte);
        expect((await poller.put("1", "/local", file("yes", mebibyte), [["tag", "yes"]])).status).toBe(200);
      },
      limitMs,
    );

    function integrity() {
      const database = new Database(join(disk.path, "catalog.sqlite"), { readonly: true });
      const row = database.query<{ integrity_check: string }, []>("pragma integrity_check").get();
      database.close();
      return row?.integrity_check;
    }
  });

  test.skipIf(!canStartWorld({ storage: "servers" }))(
    "under the temporary files, beside S3 and PostgreSQL, stops only what needs them",
    async () => {
      await start({ storage: "servers", env: { TMPDIR: disk.path }, name: "full temporary folder" });
      const load = startLoad(world, { seed: 52, maxBytes: 4 * mebibyte });
      await Bun.sleep(1_000);
      const calm = load.disturb({ statuses: [507] });
      disk.fill();
      await Bun.sleep(1_000);
      await eventually(async () => {
        // What the others have just taken away has left room again.
        disk.fill();
        const answer = await poller.put("1", "/intermediate", file("no", mebibyte));
        expect([answer.status, answer.json]).toEqual([
          507,
          { detail: "There is no room for temporary files on this node" },
        ]);
      }, 20_000);
      const fields = [["remote_node_id", world.surroundings.peerNodeId]] as const;
      expect((await poller.put("1", "/intermediate", file("yes", mebibyte), fields)).status).toBe(200);
      expect((await poller.put("1", "/final", file("yes", mebibyte))).status).toBe(204);
      disk.empty();
      calm();
      expect((await poller.put("1", "/intermediate", file("yes", mebibyte))).status).toBe(200);
      await Bun.sleep(500);
      await load.stop();
      const refused = [...load.ledger.attempts.values()].filter(({ status }) => status === 507);
      expect(refused.filter(({ kind }) => kind !== "intermediate")).toEqual([]);
      await verifyAfter(world, load);
    },
    limitMs,
  );
});
