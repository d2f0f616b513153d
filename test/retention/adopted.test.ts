import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { S3Client } from "bun";
import { retention } from "../../src/commands/retention.ts";
import { createTestIo } from "../commands/test-io.ts";
import { eventually } from "../support/eventually.ts";
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
const [first = ""] = Object.keys(analyses);
const untagged = "7e000000-0000-4000-8000-000000000001";
const env = {
  RETENTION__UNTAGGED_DAYS: "7",
  RETENTION__TAGS: "model-*:0,*:30",
  OPERATOR__CLIENT_IDS: "operator",
};

interface Row {
  readonly client_id: string;
  readonly object_id: string;
}

/** As the Python services leave a node; no row is kept of what has no tag. */
for (const dump of ["v0.1.4-no-cascade.sql", "storage-service.sql"]) {
  describe.skipIf(!isAvailable("servers"))(`what a Python service has stored (${dump})`, () => {
    let database: TestDatabase;
    let bucket: TestBucket;
    let service: TestService;
    let stored: readonly string[];
    beforeAll(async () => {
      [database, bucket] = [await createTestDatabase(), await createTestBucket()];
      await database.execute(await Bun.file(join(import.meta.dir, "../fixtures/python-database", dump)).text());
      const rows = await database.execute<Row>("select distinct client_id, object_id from public.result");
      const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = bucket;
      const s3 = new S3Client({ endpoint, accessKeyId, secretAccessKey, bucket: bucket.bucket });
      const keys = rows.map((row) => {
        const owner = Object.entries(analyses).find(([id]) => id === row.client_id)?.[1];
        return `local/${owner}/${row.object_id}`;
      });
      stored = [...keys, `local/${projects[0]}/${untagged}`];
      for (const key of stored) await s3.write(key, "12345", { type: "text/csv" });
      const place = { POSTGRES__DB: database.settings.database, MINIO__BUCKET: bucket.bucket };
      service = await startTestService({ backend: "servers", env: { ...env, ...place } });
      for (const id of projects) service.hub.addProject({ id });
      for (const [id, projectId] of Object.entries(analyses)) service.hub.addAnalysis({ id, projectId });
    });
    afterAll(async () => {
      await service.stop();
      await Promise.all([database.drop(), bucket.drop()]);
    });

    async function ask(path: string, method = "GET"): Promise<Response> {
      const headers = { authorization: `Bearer ${await service.identity.token(first)}` };
      return service.fetch("nobody", path, { method, headers });
    }
    const count = async (table: string) =>
      Number((await database.execute<{ rows: string }>(`select count(*) as rows from ${table}`))[0]?.rows);

    test("is listed and counted, is as old as the store says, and tells when it goes", async () => {
      await eventually(() => expect(service.logLines.map(({ event }) => event)).toContain("retention.listed"), 20_000);
      const usage = (await (await ask("/local/usage")).json()) as { bytes: number; objects: number };
      const own = stored.filter((key) => key.includes(projects[0]));
      expect(usage).toMatchObject({ bytes: 5 * own.length, objects: own.length });
      const all = (await (await service.fetch("operator", "/operator/usage")).json()) as { node: unknown };
      expect(all.node).toMatchObject({ bytes: 5 * stored.length, objects: stored.length, projects: 2 });
      const answer = await ask(`/local/${untagged}`, "HEAD");
      const [sunset, modified] = ["sunset", "last-modified"].map((name) => Date.parse(answer.headers.get(name) ?? ""));
      // Headers tell whole seconds.
      expect(Math.abs((sunset ?? 0) - (modified ?? 0) - 7 * 86_400_000)).toBeLessThanOrEqual(1_000);
      const rows = await database.execute<{ stored_at: Date }>(
        `select stored_at from stored_object where object_id = '${untagged}'`,
      );
      expect(Math.abs(Number(rows[0]?.stored_at) - (modified ?? 0))).toBeLessThanOrEqual(1_000);
    });

    test("goes by its age and its tags, with its rows, and nothing else does", async () => {
      const kept = await database.execute<{ object_id: string }>(`
        select distinct object_id from result join taggedresult on result.id = result_id join tag on tag.id = tag_id
        where tag_name like 'model-%'`);
      await database.execute("update stored_object set stored_at = stored_at - interval '31 days'");
      const io = createTestIo(service.environment);
      expect(await retention(io, { action: "run" })).toBe(0);
      const gone = stored.length - kept.length;
      expect(io.printed).toEqual([`Removed ${gone} objects of ${5 * gone} bytes.`]);
      expect((await ask(`/local/${untagged}`)).status).toBe(404);
      const tags = (await (await ask("/local/tags")).json()) as { tags: { name: string }[] };
      // Those that are kept carry all three.
      expect(tags.tags.map(({ name }) => name)).toEqual(["a", "model-1", "result--1"]);
      const listed = (await (await ask("/local/tags/a")).json()) as { results: { url: string }[] };
      const keptHere = (await (await ask("/local/tags/model-1")).json()) as { results: { url: string }[] };
      expect(listed.results).toHaveLength(4);
      expect(listed.results).toEqual(keptHere.results);
      for (const { url } of listed.results) {
        expect(await (await ask(`/local/${url.split("/").at(-1)}`)).text()).toBe("12345");
      }
      const names = kept.map(({ object_id: id }) => `'${id}'`).join(", ");
      expect(await count(`result where object_id not in (${names})`)).toBe(0);
      expect(await count("tag where not exists (select from taggedresult where tag_id = tag.id)")).toBe(0);
      expect((await service.fetch("operator", "/operator/record?event=result.expired")).status).toBe(200);
    });
  });
}
