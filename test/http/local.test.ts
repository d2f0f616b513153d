import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { backends, type Client, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const missingId = "0b8e9f5e-52cf-4a51-9d29-6f0b6f7a3f10";

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`local results on ${backend} storage`, () => {
    let service: TestService;

    beforeAll(async () => {
      service = await startTestService({ backend });
    });
    afterAll(() => service.stop());

    async function put(
      as: Client,
      content: string,
      { tag, name = "result.csv" }: { tag?: string; name?: string } = {},
    ) {
      const file = new File([content], name, { type: "text/csv" });
      const parts = tag === undefined ? [] : ([["tag", tag]] as const);
      return service.fetch(as, "/local", { method: "PUT", body: formOf(["file", file], ...parts) });
    }

    async function store(as: Client, content: string, options?: { tag?: string; name?: string }): Promise<string> {
      const response = await put(as, content, options);
      expect(response.status).toBe(200);
      return ((await response.json()) as { object_id: string }).object_id;
    }

    test("a stored file is found again by its tag, by another analysis of the project", async () => {
      const stored = await put("1", "a,b\n1,2\n", { tag: "table-1" });
      const { url, object_id } = (await stored.json()) as { url: string; object_id: string };
      expect(object_id).toMatch(uuid);
      expect(url).toBe(`${service.url}/local/${object_id}`);

      const found = await service.fetch("2", "/local/tags/table-1");
      expect(await found.json()).toEqual({ results: [{ filename: "result.csv", url }] });
      const read = await service.fetch("2", `/local/${object_id}`);
      expect(read.status).toBe(200);
      expect(await read.text()).toBe("a,b\n1,2\n");
      expect(read.headers.get("content-type")).toStartWith("text/csv");
      expect(read.headers.get("content-disposition")).toBe('attachment; filename="result.csv"');
      expect(read.headers.get("x-content-type-options")).toBe("nosniff");
      expect(read.headers.get("etag")).toMatch(/^".+"$/);
    });

    test("the project's tags are listed with urls that lead to their results", async () => {
      await store("3", "x", { tag: "only-here" });
      const { tags } = (await (await service.fetch("3", "/local/tags")).json()) as {
        tags: { name: string; url: string }[];
      };
      expect(tags).toEqual([{ name: "only-here", url: `${service.url}/local/tags/only-here` }]);
      const results = await service.fetch("3", "/local/tags/only-here");
      expect(((await results.json()) as { results: unknown[] }).results).toHaveLength(1);
    });

    test("an unknown tag has no results", async () => {
      const response = await service.fetch("1", "/local/tags/nobody-used-this");
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ results: [] });
    });

    test("another project sees neither object nor tag", async () => {
      const id = await store("1", "secret", { tag: "private" });
      const read = await service.fetch("3", `/local/${id}`);
      expect(read.status).toBe(404);
      expect(await read.json()).toEqual({ detail: `Object with ID ${id} does not exist` });
      expect(await (await service.fetch("3", "/local/tags/private")).json()).toEqual({ results: [] });
      const tagging = await service.fetch("3", `/local/tags?tag_name=mine&object_id=${id}`, { method: "POST" });
      expect(tagging.status).toBe(404);
    });

    test("an analysis the Hub does not know gets 404 everywhere, and nothing is stored for it", async () => {
      const requests: [string, RequestInit][] = [
        ["/local", { method: "PUT", body: formOf(["file", new File(["x"], "x")]) }],
        [`/local/${missingId}`, {}],
        ["/local/tags", {}],
        ["/local/tags/a", {}],
        [`/local/tags?tag_name=a&object_id=${missingId}`, { method: "POST" }],
      ];
      for (const [path, init] of requests) {
        const response = await service.fetch("nobody", path, init);
        expect(response.status).toBe(404);
        expect(((await response.json()) as { detail: string }).detail).toMatch(
          /^Analysis with ID [0-9a-f-]{36} not found$/,
        );
      }
    });

    test("HEAD, Range and If-None-Match work as HTTP has them", async () => {
      const id = await store("1", "0123456789", { name: "digits.txt" });
      const head = await service.fetch("1", `/local/${id}`, { method: "HEAD" });
      expect(head.status).toBe(200);
      expect(head.headers.get("content-length")).toBe("10");
      const etag = head.headers.get("etag") ?? "";

      const unchanged = await service.fetch("1", `/local/${id}`, { headers: { "if-none-match": etag } });
      expect(unchanged.status).toBe(304);
      expect(unchanged.headers.get("etag")).toBe(etag);

      const ranges: [string, number, string, string | null][] = [
        ["bytes=2-4", 206, "234", "bytes 2-4/10"],
        ["bytes=7-", 206, "789", "bytes 7-9/10"],
        ["bytes=-3", 206, "789", "bytes 7-9/10"],
        ["bytes=5-99", 206, "56789", "bytes 5-9/10"],
        ["bytes=-99", 206, "0123456789", "bytes 0-9/10"],
        ["bytes=0-1,4-5", 200, "0123456789", null],
        ["lines=1-2", 200, "0123456789", null],
        ["bytes=4-2", 200, "0123456789", null],
      ];
      for (const [range, status, text, contentRange] of ranges) {
        const part = await service.fetch("1", `/local/${id}`, { headers: { range } });
        expect([range, part.status, await part.text(), part.headers.get("content-range")]).toEqual([
          range,
          status,
          text,
          contentRange,
        ]);
      }
      for (const range of ["bytes=10-", "bytes=99-100", "bytes=-0"]) {
        const outside = await service.fetch("1", `/local/${id}`, { headers: { range } });
        expect([range, outside.status, outside.headers.get("content-range")]).toEqual([range, 416, "bytes */10"]);
      }
      const stale = await service.fetch("1", `/local/${id}`, { headers: { range: "bytes=0-1", "if-range": '"old"' } });
      expect(stale.status).toBe(200);
    });

    test("an empty file comes back empty", async () => {
      const id = await store("1", "", { tag: "empty" });
      const read = await service.fetch("1", `/local/${id}`);
      expect([read.status, await read.text()]).toEqual([200, ""]);
    });

    test("ids are taken in any spelling and answered in the canonical one", async () => {
      const id = await store("1", "spelling");
      const plain = id.replaceAll("-", "");
      for (const spelling of [id.toUpperCase(), plain, `{${id}}`, `urn:uuid:${id}`]) {
        const read = await service.fetch("1", `/local/${encodeURIComponent(spelling)}`);
        expect([spelling, read.status]).toEqual([spelling, 200]);
      }
      const missing = await service.fetch("1", `/local/${missingId.toUpperCase()}`);
      expect(await missing.json()).toEqual({ detail: `Object with ID ${missingId} does not exist` });
    });

    test("a bad id is refused by name", async () => {
      const response = await service.fetch("1", "/local/not-a-uuid");
      expect(response.status).toBe(422);
      const { detail } = (await response.json()) as { detail: unknown };
      const msg = "Input should be a valid UUID";
      expect(detail).toEqual([{ type: "uuid_parsing", loc: ["path", "object_id"], msg, input: "not-a-uuid" }]);
    });

    test("tagging again changes nothing, and the name stays the one known first", async () => {
      const id = await store("1", "again", { name: "first.txt" });
      for (let round = 0; round < 2; round++) {
        const tagged = await service.fetch("1", `/local/tags?tag_name=twice&object_id=${id}`, { method: "POST" });
        expect(tagged.status).toBe(200);
        expect(await tagged.json()).toEqual({ filename: "first.txt", url: `${service.url}/local/${id}` });
      }
      const listed = await service.fetch("1", "/local/tags/twice");
      expect(((await listed.json()) as { results: unknown[] }).results).toHaveLength(1);
      const clash = await service.fetch("1", `/local/tags?tag_name=third&object_id=${id}&filename=other.txt`, {
        method: "POST",
      });
      expect(clash.status).toBe(400);
      const tags = (await (await service.fetch("1", "/local/tags")).json()) as { tags: { name: string }[] };
      expect(tags.tags.map(({ name }) => name)).not.toContain("third");
    });

    test("another analysis may tag the object under a name of its own", async () => {
      const id = await store("1", "shared", { name: "mine.txt" });
      const tagged = await service.fetch("2", `/local/tags?tag_name=renamed&object_id=${id}&filename=yours.txt`, {
        method: "POST",
      });
      expect(await tagged.json()).toMatchObject({ filename: "yours.txt" });
    });

    test("a missing query parameter is refused by name", async () => {
      const response = await service.fetch("1", "/local/tags?tag_name=a", { method: "POST" });
      expect(response.status).toBe(422);
      const { detail } = (await response.json()) as { detail: unknown };
      expect(detail).toEqual([{ type: "missing", loc: ["query", "object_id"], msg: "Field required", input: null }]);
    });

    test("results of a tag come oldest first", async () => {
      const ids = [
        await store("1", "1", { tag: "order" }),
        await store("2", "2", { tag: "order" }),
        await store("1", "3", { tag: "order" }),
      ];
      const listed = (await (await service.fetch("1", "/local/tags/order")).json()) as { results: { url: string }[] };
      expect(listed.results.map(({ url }) => url.split("/").at(-1) ?? "")).toEqual(ids);
    });

    test("collection paths answer with and without a slash at the end", async () => {
      for (const path of ["/local/tags", "/local/tags/"]) {
        expect([path, (await service.fetch("1", path)).status]).toEqual([path, 200]);
      }
      const stored = await service.fetch("1", "/local/", {
        method: "PUT",
        body: formOf(["file", new File(["x"], "x")]),
        redirect: "manual",
      });
      expect(stored.status).toBe(200);
    });

    test("once it is warm, storing and reading cost no request to the Hub", async () => {
      const id = await store("1", "warm");
      const before = service.hub.requests.length;
      await store("1", "no look-up", { tag: "warm" });
      await service.fetch("1", `/local/${id}`);
      await service.fetch("1", "/local/tags/warm");
      expect(service.hub.requests.length).toBe(before);
    });
  });
}
