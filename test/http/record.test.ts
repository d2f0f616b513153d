import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { SealedEntry } from "../../src/record/record-store.ts";
import { verifyRecord } from "../../src/record/verify-record.ts";
import { type Beside, openBeside } from "../support/beside.ts";
import { eventually } from "../support/eventually.ts";
import { asOperators, backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";

const file = () => new File(["41"], "count.txt");
const uploads = ({ hub }: TestService) => hub.requests.filter(({ path }) => path.includes("/upload")).length;

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`the record on ${backend} storage`, () => {
    let service: TestService;
    let beside: Beside;
    beforeAll(async () => {
      service = await startTestService({ backend, env: { RECORD__ENABLED: "1", SUBMISSIONS__WAIT_SECONDS: "3" } });
      beside = openBeside(service);
    });
    beforeEach(() => beside.execute("delete from record_entry"));
    afterAll(async () => {
      await beside?.close();
      await service?.stop();
    });

    const put = (path: string, ...parts: (readonly [string, string | File])[]) =>
      service.fetch("1", path, { method: "PUT", body: formOf(...parts) });
    async function events(): Promise<SealedEntry[]> {
      await beside.record.seal();
      return beside.record.readAfter({}, 0, 100);
    }
    const names = async () => (await events()).map(({ event, outcome }) => `${event} ${outcome}`);

    test("a final is on record when it is accepted, and when the Hub has it", async () => {
      expect((await put("/final", ["file", file()])).status).toBe(204);
      const [submitted, delivered] = await events();
      const facts = { analysisId: service.analyses[0], projectId: service.projects[0], bytes: 2, outcome: "ok" };
      expect(submitted).toMatchObject({ event: "final.submitted", actor: service.analyses[0], ...facts });
      expect(delivered).toMatchObject({ event: "final.delivered", objectId: submitted?.objectId, ...facts });
      expect(submitted?.sha256).toBe(new Bun.CryptoHasher("sha256").update("41").digest("hex"));
    });

    test("a noisy number says that it was released", async () => {
      const form = [
        ["epsilon", "1"],
        ["sensitivity", "1"],
        ["file", new File(["5"], "n.txt")],
      ] as const;
      expect((await put("/final/localdp", ...form)).status).toBe(204);
      expect((await names()).sort()).toEqual(["dp.released ok", "final.delivered ok", "final.submitted ok"]);
    });

    test("what is sent and received, and by which node, is on record with the plain file's facts", async () => {
      const sent = await put("/intermediate", ["remote_node_id", service.peerNodeId], ["file", file()]);
      const { object_id: objectId } = (await sent.json()) as { object_id: string };
      const read = await service.fetch("1", `/intermediate/${objectId}`);
      const { byteLength } = await read.arrayBuffer();
      const rows = await events();
      expect(rows.map(({ event }) => event)).toEqual(["intermediate.sent", "intermediate.received"]);
      expect(rows[0]).toMatchObject({ objectId, peerNodeId: service.peerNodeId, bytes: 2 });
      // Without the sender's name it is read as it lies at the Hub.
      expect(rows[1]).toMatchObject({
        objectId,
        peerNodeId: undefined,
        bytes: byteLength,
      });
    });

    test("a sending that fails is on record as such", async () => {
      const lift = service.hub.fail({ method: "POST", path: /upload/ }, { kind: "status", status: 500 });
      expect((await put("/intermediate", ["remote_node_id", service.peerNodeId], ["file", file()])).status).toBe(502);
      lift();
      expect(await names()).toEqual(["intermediate.sent failed"]);
    });

    test("what cannot be put on record does not happen", async () => {
      const before = uploads(service);
      const listed = await service.fetch("1", "/local", {
        method: "PUT",
        body: formOf(["tag", "kept"], ["file", file()]),
      });
      expect(listed.status).toBe(200);
      await beside.execute("alter table record_entry rename to record_entry_gone");
      try {
        expect((await put("/intermediate", ["remote_node_id", service.peerNodeId], ["file", file()])).status).toBe(503);
        expect((await put("/intermediate", ["file", file()])).status).toBe(503);
        expect((await put("/final", ["file", new File(["no"], "never.txt")])).status).toBe(503);
        expect((await put("/final/localdp", ["epsilon", "1"], ["sensitivity", "1"], ["file", file()])).status).toBe(
          503,
        );
        expect(uploads(service)).toBe(before);
      } finally {
        await beside.execute("alter table record_entry_gone rename to record_entry");
      }
      expect(await names()).toEqual([]);
      expect((await put("/final", ["file", new File(["yes"], "later.txt")])).status).toBe(204);
    });

    test("what has happened already is tried again until it is on record, and until then nothing new happens", async () => {
      const sending = service.hub.fail({ method: "POST", path: /upload/ }, { kind: "delay", ms: 500 }, 1);
      const before = uploads(service);
      const first = put("/intermediate", ["remote_node_id", service.peerNodeId], ["file", file()]);
      await eventually(() => expect(uploads(service)).toBeGreaterThan(before));
      await beside.execute("alter table record_entry rename to record_entry_gone");
      await eventually(() => expect(service.logLines.map(({ event }) => event)).toContain("record.delayed"));
      expect((await put("/intermediate", ["remote_node_id", service.peerNodeId], ["file", file()])).status).toBe(503);
      await beside.execute("alter table record_entry_gone rename to record_entry");
      expect((await first).status).toBe(200);
      sending();
      const rows = await names();
      expect(rows.filter((row) => row === "intermediate.sent ok")).toHaveLength(1);
    });

    test("a project that is deleted is on record by whom", async () => {
      const [, project] = service.projects;
      await service.hub.removeProject(project);
      const remove = () => service.fetch("adapter", `/local?project_id=${project}`, { method: "DELETE" });
      expect((await remove()).status).toBe(200);
      expect(await events()).toMatchObject([{ event: "project.deleted", actor: "hub-adapter", projectId: project }]);
    });

    test("the chain is whole after all of this", async () => {
      await put("/final", ["file", new File(["last"], "last.txt")]);
      await beside.record.seal();
      expect((await verifyRecord(beside.record)).broken).toBeUndefined();
    });
  });
}

test("who is refused is on record by their client once a minute, however often and wherever it was", async () => {
  const service = await startTestService({ env: { ...asOperators, RECORD__ENABLED: "1" } });
  for (let times = 0; times < 5; times += 1) {
    await service.fetch("1", `/local?project_id=${service.projects[0]}`, { method: "DELETE" });
    await service.fetch("2", "/operator/record");
    await service.fetch("3", "/local/tags", { headers: { authorization: "Bearer nonsense" } });
    await fetch(`${service.url}/final`, { method: "PUT" });
  }
  const beside = openBeside(service);
  expect(await beside.record.count({ event: "access.denied" })).toBe(0);
  await service.shutDown();
  const rows = await beside.record.list({ event: "access.denied" }, undefined, 10);
  const [one, two] = service.analyses;
  expect(rows.map(({ actor, outcome }) => [actor, outcome]).sort()).toEqual(
    [
      [one, "denied"],
      [two, "denied"],
      [undefined, "denied"],
    ].sort(),
  );
  await beside.close();
  await service.stop();
});

test("metrics tell how long the record is, how long a row has waited, and who is signed in; and nothing while all is off", async () => {
  const [on, off] = [
    await startTestService({ env: { ...asOperators, RECORD__ENABLED: "1" } }),
    await startTestService(),
  ];
  const metrics = async ({ url }: TestService) => (await fetch(`${url}/metrics`)).text();
  const beside = openBeside(on);
  await beside.operators.open({ tokenHash: "ab".repeat(32), name: "Ada", subject: undefined, kind: "console" });
  await beside.execute("insert into record_entry (time, event, outcome) values (0, 'access.denied', 'denied')");
  const figureOf = (text: string, name: string) => Number(new RegExp(`^\\w*${name} (\\S+)$`, "m").exec(text)?.[1]);
  const told = await metrics(on);
  expect(figureOf(told, "record_rows")).toBe(1);
  expect(figureOf(told, "record_unsealed_seconds")).toBeGreaterThanOrEqual(0);
  expect(figureOf(told, "operator_sessions")).toBe(1);
  expect(await metrics(off)).not.toMatch(/record_|operator_/);
  await beside.close();
  await Promise.all([on.stop(), off.stop()]);
});

test("without the setting not a row is written, and nothing is sealed", async () => {
  const service = await startTestService();
  const beside = openBeside(service);
  await service.fetch("1", "/final", { method: "PUT", body: formOf(["file", file()]) });
  await service.fetch("1", "/intermediate", { method: "PUT", body: formOf(["file", file()]) });
  await service.fetch("1", `/local?project_id=${service.projects[0]}`, { method: "DELETE" });
  expect(await beside.record.stats()).toMatchObject({ rows: 0 });
  await beside.close();
  await service.stop();
});
