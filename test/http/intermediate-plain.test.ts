import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { formOf, startTestService, type TestService } from "../support/service.ts";

/** Everybody who is signed in to the Hub reads what is sent in plain text, so that must never happen by mistake. */
describe("a file for a node that is not named properly", () => {
  let service: TestService;
  let node: string;
  const file = () => ["file", new File(["for one node alone"], "secret.bin")] as const;

  beforeAll(async () => {
    service = await startTestService();
    node = service.world.seed.nodes[1]?.id ?? "";
  });
  afterAll(() => service.stop());

  const countUploads = () => service.hub.requests.filter(({ path }) => path.endsWith("/upload")).length;
  const countFiles = () => service.hub.state.files.size;

  test.each(["", "None", "none", "null", "undefined", " ", "node b", "0", "00000000-0000-0000-0000-00000000000g"])(
    "remote_node_id=%p is refused, before and behind the file",
    async (value) => {
      const uploads = countUploads();
      const field = ["remote_node_id", value] as const;
      for (const parts of [
        [field, file()],
        [file(), field],
      ] as const) {
        const response = await service.fetch("1", "/intermediate", { method: "PUT", body: formOf(...parts) });
        expect(response.status).toBe(422);
        expect(await response.json()).toMatchObject({
          detail: [{ type: "uuid_parsing", loc: ["body", "remote_node_id"] }],
        });
      }
      expect(countUploads()).toBe(uploads);
    },
  );

  test("a second value decides as little as an unusable one", async () => {
    const files = countFiles();
    const own = ["remote_node_id", node] as const;
    for (const other of ["None", "", "11111111-1111-4111-8111-111111111111"]) {
      const second = ["remote_node_id", other] as const;
      const around = await service.fetch("1", "/intermediate", { method: "PUT", body: formOf(own, file(), second) });
      expect([other, around.status]).toEqual([other, 422]);
    }
    for (const parts of [
      [own, ["remote_node_id", "None"], file()],
      [file(), own, ["remote_node_id", ""]],
    ] as const) {
      expect((await service.fetch("1", "/intermediate", { method: "PUT", body: formOf(...parts) })).status).toBe(422);
    }
    expect(countFiles()).toBe(files);
  });

  test.each(["", "None", "x"])("a stored object is not sent to remote_node_id=%p", async (value) => {
    const stored = await service.fetch("1", "/local", { method: "PUT", body: formOf(file()) });
    const { object_id } = (await stored.json()) as { object_id: string };
    const query = new URLSearchParams({ object_id, remote_node_id: value });
    const response = await service.fetch("1", `/local/upload?${query}`, { method: "PUT" });
    expect(response.status).toBe(422);
  });

  test("a node named in the query alone does not make it plain", async () => {
    const path = `/intermediate?remote_node_id=${node}`;
    const response = await service.fetch("1", path, { method: "PUT", body: formOf(file()) });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ detail: [{ type: "missing", loc: ["body", "remote_node_id"] }] });
  });

  test("a form without the field sends it as it is", async () => {
    const response = await service.fetch("1", "/intermediate", { method: "PUT", body: formOf(file()) });
    expect(response.status).toBe(200);
  });
});

test("a file of an analysis that was made a moment ago waits for its bucket to appear", async () => {
  const service = await startTestService();
  const projectId = service.projects[0];
  const analysisId = service.hub.addAnalysis({ projectId, bucketTypes: [] });
  setTimeout(() => service.hub.addBucket(analysisId, "TEMP"), 200);
  const headers = { authorization: `Bearer ${await service.identity.token(analysisId)}` };
  const body = formOf(["file", new File(["early"], "early.bin")]);
  const response = await service.fetch("1", "/intermediate", { method: "PUT", headers, body });
  expect(response.status).toBe(200);
  await service.stop();
});
