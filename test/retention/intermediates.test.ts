import { describe, expect, test } from "bun:test";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import { openBeside } from "../support/beside.ts";
import { eventually } from "../support/eventually.ts";
import { send } from "../support/intermediates.ts";
import { backends, isAvailable, startTestService, type TestService } from "../support/service.ts";

const env = { RETENTION__INTERMEDIATE_DAYS: "3", RECORD__ENABLED: "1" };
const dayMs = 24 * 3_600_000;

/** As if what was sent had been sent so many days ago, under rules that are long known. */
async function age(service: TestService, days: number): Promise<void> {
  const beside = openBeside(service);
  const back = (column: string, ms: number) => {
    return service.dataDir === undefined ? `${column} - interval '${ms} milliseconds'` : `${column} - ${ms}`;
  };
  await beside.execute(`update sent_intermediate set sent_at = ${back("sent_at", days * dayMs)}`);
  await beside.execute(`update retention_state set rules_since = ${back("rules_since", 2 * dayMs)}`);
  await beside.close();
}

/** The same node anew, whose first round is at its start. */
function restart(service: TestService): Promise<TestService> {
  const given = Object.entries(service.environment).flatMap(([name, value]) => (value ? [[name, value] as const] : []));
  return startTestService({ besides: service, env: { DATA_DIR: "", ...Object.fromEntries(given) } });
}

async function expired(service: TestService) {
  const beside = openBeside(service);
  await beside.record.seal();
  const rows = await beside.record.readAfter({ event: "result.expired" }, 0, 100);
  await beside.close();
  return rows.map(({ objectId, actor, analysisId, outcome }) => ({ objectId, actor, analysisId, outcome }));
}

for (const backend of backends) {
  const generations: readonly HubGeneration[] = backend === "embedded" ? ["2025", "2026-snake", "2026"] : ["2026"];
  describe.skipIf(!isAvailable(backend)).each(generations)(`on ${backend} storage, at a Hub of %s`, (generation) => {
    test("own intermediates that are old are removed from the Hub, and no other file", async () => {
      const service = await startTestService({ backend, generation, env });
      const other = await startTestService({ besides: service, env });
      const own = [await send(service, "plain"), await send(service, "sealed", service.peerNodeId)];
      const theirs = await send(other, "from the other node", service.nodeId);
      // To have read it does not make it this node's.
      const path = `/intermediate/${theirs.object_id}?remote_node_id=${other.nodeId}`;
      expect(await (await service.fetch("1", path)).text()).toBe("from the other node");
      const files = () => [...service.hub.state.files.keys()];
      expect(files()).toHaveLength(3);
      await service.shutDown();
      await age(service, 4);

      const again = await restart(service);
      await eventually(() => expect(files()).toEqual([theirs.object_id]), 20_000);
      await eventually(() =>
        expect(again.logLines.map(({ event }) => event)).toContain("retention.intermediates.removed"),
      );
      const ids = own.map(({ object_id: objectId }) => objectId).sort();
      const told = again.logLines.filter(({ event }) => event === "result.expired").map(({ fields }) => fields);
      expect(told.map(({ objectId }) => String(objectId)).sort()).toEqual(ids);
      expect(told[0]).toMatchObject({ analysisId: service.analyses[0], outcome: "ok", user: "retention" });
      for (const id of ids) {
        expect((await again.fetch("1", `/intermediate/${id}`)).status).toBe(404);
      }
      await again.shutDown();
      const rows = await expired(service);
      expect(rows.map(({ objectId }) => objectId).toSorted()).toEqual(ids);
      expect(rows[0]).toMatchObject({ actor: "retention", analysisId: service.analyses[0], outcome: "ok" });
      await again.stop();
      await other.stop();
      await service.stop();
    }, 60_000);

    test("young ones stay, and so does what the Hub refuses to remove, which is tried again", async () => {
      const service = await startTestService({ backend, generation, env });
      await send(service, "young");
      await service.shutDown();
      await age(service, 2);
      const deletions = () => service.hub.requests.filter(({ method }) => method === "DELETE").length;
      const young = await restart(service);
      await eventually(async () => expect((await young.fetch("1", "/local/usage")).status).toBe(200));
      await young.shutDown();
      expect([service.hub.state.files.size, deletions()]).toEqual([1, 0]);

      await age(service, 2);
      const lift = service.hub.fail({ method: "DELETE", path: /.*/ }, { kind: "status", status: 403 });
      const refused = await restart(service);
      await eventually(() => expect(deletions()).toBeGreaterThan(0), 20_000);
      await refused.shutDown();
      expect(service.hub.state.files.size).toBe(1);
      lift();
      const last = await restart(service);
      await eventually(() => expect(service.hub.state.files.size).toBe(0), 20_000);
      for (const each of [young, refused, last]) await each.stop();
      await service.stop();
    }, 60_000);
  });
}
