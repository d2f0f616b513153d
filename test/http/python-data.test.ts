import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { S3Client } from "bun";
import { createTestDatabase, type TestDatabase } from "../support/postgres-database.ts";
import { createTestBucket, type TestBucket } from "../support/s3.ts";
import { isAvailable, startTestService, type TestService } from "../support/service.ts";

const projects = ["6513270e-269e-4d37-b2a7-4de452e6b438", "d23f0824-128b-4f33-8c5c-7fd0a6a3a450"] as const;
const analyses = {
  "9531985d-5d9d-49f8-9818-e811892f902b": projects[0],
  "36f675cc-81e7-4ef5-a8e2-5d940ed90475": projects[0],
  "8e81973e-0bec-47b0-b898-d190f9ebdacc": projects[1],
  "6b4cb242-4a23-4596-a217-beaddbc496cb": projects[1],
};
const [first = "", second = "", third = ""] = Object.keys(analyses);

interface Row {
  readonly client_id: string;
  readonly object_id: string;
}

/** A node as the Python services leave it: their database, and objects with no more than a content type. */
for (const dump of ["v0.1.4-no-cascade.sql", "storage-service.sql"]) {
  describe.skipIf(!isAvailable("servers"))(`data of a Python service (${dump})`, () => {
    let database: TestDatabase;
    let bucket: TestBucket;
    let service: TestService;

    beforeAll(async () => {
      [database, bucket] = [await createTestDatabase(), await createTestBucket()];
      await database.execute(await Bun.file(join(import.meta.dir, "../fixtures/python-database", dump)).text());
      await fillBucket(await database.execute<Row>("select client_id, object_id from public.result"));
      service = await startTestService({
        backend: "servers",
        env: { POSTGRES__DB: database.settings.database, MINIO__BUCKET: bucket.bucket },
      });
      for (const id of projects) service.hub.addProject({ id });
      for (const [id, projectId] of Object.entries(analyses)) service.hub.addAnalysis({ id, projectId });
    });
    afterAll(async () => {
      await service.stop();
      await Promise.all([database.drop(), bucket.drop()]);
    });

    async function fillBucket(rows: readonly Row[]): Promise<void> {
      const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = bucket;
      const s3 = new S3Client({ endpoint, accessKeyId, secretAccessKey, bucket: bucket.bucket });
      for (const { client_id, object_id } of rows) {
        const projectId = Object.entries(analyses).find(([id]) => id === client_id)?.[1];
        await s3.write(`local/${projectId}/${object_id}`, `content of ${object_id}`, { type: "text/csv" });
      }
    }

    async function ask(analysisId: string, path: string, init: RequestInit = {}): Promise<Response> {
      const headers = { authorization: `Bearer ${await service.identity.token(analysisId)}` };
      return service.fetch("nobody", path, { ...init, headers });
    }

    test("is found by its tags and read, by every analysis of its project and by no other", async () => {
      const tags = (await (await ask(first, "/local/tags")).json()) as { tags: { name: string }[] };
      expect(tags.tags.map(({ name }) => name)).toEqual(["a", "model-1", "result--1"]);
      const listed = (await (await ask(second, "/local/tags/model-1")).json()) as {
        results: { filename: string; url: string }[];
      };
      expect(listed.results.map(({ filename }) => filename)).toEqual([
        "résultat.csv",
        "weights.pkl",
        "résultat.csv",
        "weights.pkl",
      ]);
      for (const { url } of listed.results) {
        const id = url.split("/").at(-1);
        const read = await ask(second, `/local/${id}`);
        expect([read.status, await read.text()]).toEqual([200, `content of ${id}`]);
        expect((await ask(third, `/local/${id}`)).status).toBe(404);
      }
    });

    test("goes by the name its analysis gave it", async () => {
      const read = await ask(first, "/local/90c192cf-d3ac-44af-8f21-ddb66cad4a26");
      expect(read.headers.get("content-disposition")).toBe('attachment; filename="weights.pkl"');
      await read.body?.cancel();
      const head = await ask(second, "/local/8d116ece-1738-47d9-bd9c-172411e20b8f", { method: "HEAD" });
      expect(head.headers.get("content-disposition")).toContain("filename*=UTF-8''r%C3%A9sultat.csv");
    });

    test("can be tagged on, and be removed with its project", async () => {
      const id = "6b0d549b-6f03-475a-9600-a35a099950d8";
      const tagged = await ask(first, `/local/tags?tag_name=new&object_id=${id}`, { method: "POST" });
      expect(await tagged.json()).toMatchObject({ filename: "data.bin" });
      await service.hub.removeProject(projects[0]);
      const removed = await service.fetch("adapter", `/local?project_id=${projects[0]}`, { method: "DELETE" });
      expect(removed.status).toBe(200);
      expect((await ask(first, `/local/${id}`)).status).toBe(404);
      const left = await database.execute<{ count: string }>("select count(*) from public.result");
      expect(Number(left[0]?.count)).toBe(6);
    });
  });
}
