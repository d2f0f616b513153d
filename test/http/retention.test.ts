import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { connectRaw } from "../support/raw-http.ts";
import { backends, type Client, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";

const file = (bytes: number) => new File([new Uint8Array(bytes)], "data.bin");

function clientOf(service: TestService) {
  const put = (as: Client, ...parts: (readonly [string, string | File])[]) =>
    service.fetch(as, "/local", { method: "PUT", body: formOf(...parts) });
  const usage = async (as: Client) => (await service.fetch(as, "/local/usage")).json();
  return { put, usage };
}

async function idOf(response: Response): Promise<string> {
  return ((await response.json()) as { object_id: string }).object_id;
}

/** A form in chunks, of which nobody knows how long it will be. */
function unmeasured(bytes: number): RequestInit {
  const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n';
  const pieces = [new TextEncoder().encode(head), new Uint8Array(bytes), new TextEncoder().encode("\r\n--b--\r\n")];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
  return { body, headers: { "content-type": "multipart/form-data; boundary=b" } };
}

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`usage on ${backend} storage`, () => {
    test("is told with nothing set, and nothing is written down for it", async () => {
      const service = await startTestService({ backend });
      const { put, usage } = clientOf(service);
      expect(await usage("1")).toEqual({ bytes: 0, objects: 0, quota_bytes: null });
      await put("1", ["file", file(10)]);
      await put("2", ["file", file(5)], ["tag", "t"]);
      await put("3", ["file", file(100)]);
      expect(await usage("1")).toEqual({ bytes: 15, objects: 2, quota_bytes: null });
      expect(await usage("3")).toEqual({ bytes: 100, objects: 1, quota_bytes: null });
      expect((await service.fetch("nobody", "/local/usage")).status).toBe(404);
      const read = await service.fetch("1", `/local/${await idOf(await put("1", ["file", file(1)]))}`);
      expect(read.headers.get("sunset")).toBeNull();
      expect(service.logLines.filter(({ event }) => String(event).startsWith("retention."))).toEqual([]);
      await service.stop();
    });

    describe("with quotas", () => {
      let service: TestService;
      let client: ReturnType<typeof clientOf>;
      beforeAll(async () => {
        const env = {
          QUOTA__PROJECT_BYTES: "1000",
          QUOTA__NODE_BYTES: "1500",
          OPERATOR__CLIENT_IDS: "hub-adapter",
          SUBMISSIONS__WAIT_SECONDS: "0",
        };
        service = await startTestService({ backend, env });
        client = clientOf(service);
        await eventually(() => expect(service.logLines.map(({ event }) => event)).toContain("retention.listed"));
      });
      afterAll(async () => await service?.stop());

      test("a file fits to its last byte, and one more byte is refused with what is used", async () => {
        const [project, other] = service.projects;
        expect((await client.put("1", ["file", file(400)])).status).toBe(200);
        expect((await client.put("2", ["file", file(600)])).status).toBe(200);
        expect(await client.usage("1")).toEqual({ bytes: 1000, objects: 2, quota_bytes: 1000 });
        const refused = await client.put("1", ["file", file(1)]);
        expect(refused.status).toBe(507);
        expect(await refused.json()).toEqual({
          detail: `Project ${project} uses 1000 of 1000 bytes on this node; the file was not stored.`,
        });
        expect((await client.put("1", ["file", file(0)])).status).toBe(200);
        expect((await client.put("3", ["file", file(300)])).status).toBe(200);
        const full = await client.put("3", ["file", file(201)]);
        expect(await full.json()).toEqual({
          detail: "This node holds 1300 of 1500 bytes; the file was not stored.",
        });
        expect((await client.put("3", ["file", file(200)])).status).toBe(200);
        const usage = await service.fetch("adapter", "/operator/usage");
        expect(await usage.json()).toMatchObject({
          items: [
            { project_id: project, bytes: 1000, quota_bytes: 1000, expiring: null },
            { project_id: other, bytes: 500 },
          ],
          total: 2,
          node: { bytes: 1500, reserved_bytes: 0, quota_bytes: 1500 },
          listing: null,
        });
      });

      test("finals are never refused", async () => {
        const body = formOf(["file", file(2000)]);
        expect((await service.fetch("1", "/final", { method: "PUT", body })).status).toBeOneOf([202, 204]);
      });

      test("a large file is refused before its body is sent", async () => {
        const socket = await connectRaw(service.url);
        await socket.send(
          `PUT /local HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\n` +
            "Content-Length: 1073741824\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n" +
            '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n1',
        );
        expect(await socket.until(/was not stored/)).toStartWith("HTTP/1.1 507 ");
        socket.close();
      });

      test("the metrics tell what the node holds", async () => {
        const text = await (await fetch(`${service.url}/metrics`)).text();
        expect(text).toContain("flame_result_stored_bytes 1500\n");
        expect(text).toContain("flame_result_reserved_bytes 0\n");
      });

      test("a project that is deleted frees its room at once", async () => {
        const [, project] = service.projects;
        await service.hub.removeProject(project);
        const removed = await service.fetch("adapter", `/local?project_id=${project}`, { method: "DELETE" });
        expect(removed.status).toBe(200);
        const usage = await service.fetch("adapter", "/operator/usage");
        expect(await usage.json()).toMatchObject({ total: 1, node: { bytes: 1000, objects: 3 } });
      });
    });

    test("50 uploads at once that do not tell their length stay within the quota, and nobody else is kept from storing", async () => {
      const mebibyte = 1024 * 1024;
      const env = { QUOTA__PROJECT_BYTES: String(8 * mebibyte), SUBMISSIONS__WAIT_SECONDS: "0" };
      const service = await startTestService({ backend, env });
      const { put, usage } = clientOf(service);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, number) =>
          service.fetch(number % 2 ? "1" : "2", "/local", { method: "PUT", ...unmeasured(mebibyte) }),
        ),
      );
      const statuses = answers.map(({ status }) => status);
      expect(new Set(statuses)).toEqual(new Set([200, 507]));
      const stored = statuses.filter((status) => status === 200).length;
      expect(stored).toBeLessThanOrEqual(8);
      expect(await usage("1")).toMatchObject({ bytes: stored * mebibyte, objects: stored });
      // What is left is there for the next ones: nothing stays reserved for those that were refused.
      for (let left = 8 - stored; left > 0; left -= 1) {
        expect((await put("1", ["file", file(mebibyte)])).status).toBe(200);
      }
      expect((await service.fetch("1", "/local", { method: "PUT", ...unmeasured(1) })).status).toBe(507);
      expect((await service.fetch("3", "/local", { method: "PUT", ...unmeasured(mebibyte) })).status).toBe(200);
      const body = formOf(["file", file(mebibyte)]);
      expect((await service.fetch("1", "/final", { method: "PUT", body })).status).toBeOneOf([202, 204]);
      await service.stop();
    }, 60_000);

    test("a rule that is new shows what it would remove, and files tell when they go", async () => {
      const env = {
        RETENTION__UNTAGGED_DAYS: "7",
        RETENTION__TAGS: "checkpoint-*:14,model-*:0",
        OPERATOR__CLIENT_IDS: "hub-adapter",
      };
      const service = await startTestService({ backend, env });
      const { put } = clientOf(service);
      const dayMs = 24 * 3_600_000;
      const daysLeft = async (id: string, method: string) => {
        const sunset = (await service.fetch("1", `/local/${id}`, { method })).headers.get("sunset");
        return sunset === null ? undefined : Math.round((new Date(sunset).getTime() - Date.now()) / dayMs);
      };
      const untagged = await idOf(await put("1", ["file", file(1)]));
      const checkpoint = await idOf(await put("1", ["file", file(1)], ["tag", "checkpoint-1"]));
      const model = await idOf(await put("1", ["file", file(1)], ["tag", "model-1"]));
      for (const method of ["GET", "HEAD"]) {
        expect(await daysLeft(untagged, method)).toBe(7);
        expect(await daysLeft(checkpoint, method)).toBe(14);
        expect(await daysLeft(model, method)).toBeUndefined();
      }
      const preview = await service.fetch("adapter", "/operator/retention/preview?limit=1");
      const shown = (await preview.json()) as { items: { object_id: string }[]; next_cursor: string };
      expect(shown).toMatchObject({ total: 2, due: { bytes: 0, objects: 0 }, preview_until: expect.any(String) });
      const rest = await service.fetch("adapter", `/operator/retention/preview?cursor=${shown.next_cursor}`);
      const { items, next_cursor: end } = (await rest.json()) as typeof shown;
      expect([...shown.items, ...items].map(({ object_id: id }) => id).sort()).toEqual([untagged, checkpoint].sort());
      expect(end).toBeNull();
      await service.stop();
    });
  });
}

test("an intermediate of this node is noted when it is sent, and no other one", async () => {
  const service = await startTestService({ env: { RETENTION__INTERMEDIATE_DAYS: "30" } });
  const send = await service.fetch("1", "/intermediate", { method: "PUT", body: formOf(["file", file(5)]) });
  const objectId = await idOf(send);
  await (await service.fetch("1", `/intermediate/${objectId}`)).arrayBuffer();
  const database = new Database(join(service.dataDir ?? "", "catalog.sqlite"));
  const rows = database.query("select object_id, analysis_id, attempts from sent_intermediate").all();
  database.close();
  expect(rows).toEqual([{ object_id: objectId, analysis_id: service.analyses[0], attempts: 0 }]);
  await service.stop();
});
