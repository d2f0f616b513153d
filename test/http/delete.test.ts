import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`deleting a project on ${backend} storage`, () => {
    let service: TestService;

    beforeAll(async () => {
      service = await startTestService({ backend });
    });
    afterAll(() => service.stop());

    const remove = (as: "1" | "adapter", projectId: string) =>
      service.fetch(as, `/local?project_id=${projectId}`, { method: "DELETE" });

    async function store(as: "1" | "3", tag: string): Promise<string> {
      const body = formOf(["file", new File([tag], "x.txt")], ["tag", tag]);
      const response = await service.fetch(as, "/local", { method: "PUT", body });
      return ((await response.json()) as { object_id: string }).object_id;
    }

    test("only the Hub Adapter may, and it is told so before anything else", async () => {
      for (const path of [`/local?project_id=${service.projects[0]}`, "/local?project_id=garbage", "/local"]) {
        const response = await service.fetch("1", path, { method: "DELETE" });
        expect(response.status).toBe(403);
        expect(await response.json()).toEqual({
          detail: `Only the Hub Adapter client is allowed to delete local results, got client ID '${service.analyses[0]}'.`,
        });
      }
    });

    test("nothing is deleted while the Hub still has the project", async () => {
      const id = await store("1", "kept");
      const response = await remove("adapter", service.projects[0].toUpperCase());
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        detail: `Project '${service.projects[0]}' will not be deleted because it is still available on the Hub.`,
      });
      expect((await service.fetch("1", `/local/${id}`)).status).toBe(200);
    });

    test("nothing is deleted while the Hub cannot say for sure", async () => {
      const id = await store("1", "kept-too");
      const path = /^\/core\/projects\//;
      const unsure = [
        [{ kind: "status", status: 500 }, 502],
        [{ kind: "status", status: 403 }, 502],
        [{ kind: "status", status: 301 }, 502],
      ] as const;
      for (const [fault, status] of unsure) {
        const lift = service.hub.fail({ path }, fault);
        expect((await remove("adapter", service.projects[0])).status).toBe(status);
        lift();
      }
      expect((await service.fetch("1", `/local/${id}`)).status).toBe(200);
    });

    test("the project's id must be one", async () => {
      expect((await remove("adapter", "not-a-uuid")).status).toBe(422);
      expect((await service.fetch("adapter", "/local", { method: "DELETE" })).status).toBe(422);
    });

    test("once the Hub has lost the project, everything of it goes, nothing of others, and it can be repeated", async () => {
      const gone = await store("1", "gone");
      const other = await store("3", "other");
      const project = service.projects[0];
      await service.hub.removeProject(project);
      for (let round = 0; round < 2; round++) {
        const response = await remove("adapter", project);
        expect([response.status, await response.text()]).toEqual([200, "null"]);
      }
      const body = () => formOf(["file", new File(["late"], "x.txt")]);
      const late = [
        service.fetch("1", `/local/${gone}`),
        service.fetch("1", "/local/tags"),
        service.fetch("1", "/local", { method: "PUT", body: body() }),
      ];
      for (const response of await Promise.all(late)) {
        expect([response.status, await response.json()]).toEqual([
          404,
          { detail: `Analysis with ID ${service.analyses[0]} not found` },
        ]);
      }
      const final = await service.fetch("1", "/final", { method: "PUT", body: body() });
      expect([final.status, await final.json()]).toEqual([
        404,
        { detail: `Result bucket for analysis with ID ${service.analyses[0]} was not found` },
      ]);
      expect((await service.fetch("3", `/local/${other}`)).status).toBe(200);
      expect(
        ((await (await service.fetch("3", "/local/tags/other")).json()) as { results: unknown[] }).results,
      ).toHaveLength(1);
    });
  });
}
