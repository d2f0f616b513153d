import { describe, expect, test } from "bun:test";
import { backends, formOf, isAvailable, startTestService } from "../support/service.ts";
import { openKeys } from "./idempotency-rows.ts";

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`a request without key, digest or settings, on ${backend} storage`, () => {
    test("costs not one statement on what these are kept in: it is answered as ever where that is gone", async () => {
      const service = await startTestService({ backend });
      const view = await openKeys(service);
      // Whatever asked for them would be answered 503.
      for (const table of ["idempotency_key", "object_digest"]) await view.execute(`drop table ${table}`);
      await view.close();
      const file = () => ["file", new File(["5"], `${crypto.randomUUID()}.txt`)] as const;
      const put = (path: string, ...parts: readonly (readonly [string, string | File])[]) =>
        service.fetch("1", path, { method: "PUT", body: formOf(...parts) });
      const stored = await put("/local", ["tag", "t"], file());
      const { object_id } = (await stored.json()) as { object_id: string };
      const to = service.peerNodeId;
      const [project] = service.projects;
      const numbers = [
        ["epsilon", "1"],
        ["sensitivity", "1"],
      ] as const;
      const answers = [
        stored,
        await put("/local", file()),
        await put("/intermediate", file()),
        await put("/intermediate", ["remote_node_id", to], file()),
        await put("/final", file()),
        await put("/final/localdp", ...numbers, file()),
        await put(`/local/upload?object_id=${object_id}&remote_node_id=${to}`),
        await service.fetch("1", `/local/tags?tag_name=u&object_id=${object_id}`, { method: "POST" }),
        await service.fetch("1", `/local/${object_id}`),
        await service.fetch("1", `/local/${object_id}`, { method: "HEAD" }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 204, 204, 200, 200, 200, 200]);
      await service.hub.removeProject(project);
      expect((await service.fetch("adapter", `/local?project_id=${project}`, { method: "DELETE" })).status).toBe(200);
      await service.stop();
    });
  });
}
