import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";

const content = "0123456789";
const [past, future] = ["Sun, 06 Nov 1994 08:49:37 GMT", "Sat, 06 Nov 2094 08:49:37 GMT"];

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`requests with conditions, on ${backend} storage`, () => {
    let service: TestService;
    let path: string;
    let etag: string;

    beforeAll(async () => {
      service = await startTestService({ backend });
      const body = formOf(["file", new File([content], "digits.txt")]);
      const stored = await service.fetch("1", "/local", { method: "PUT", body });
      path = `/local/${((await stored.json()) as { object_id: string }).object_id}`;
      etag = (await service.fetch("1", path, { method: "HEAD" })).headers.get("etag") ?? "";
      expect(etag).toMatch(/^".+"$/);
    });
    afterAll(() => service.stop());

    /** `ETAG` stands for the object's own. */
    async function ask(method: string, headers: Record<string, string>) {
      const named = Object.entries(headers).map(([name, value]) => [name, value.replaceAll("ETAG", etag)] as const);
      const response = await service.fetch("1", path, { method, headers: Object.fromEntries(named) });
      return { response, text: await response.text() };
    }

    test.each([
      [{ "if-match": '"x"' }, 412],
      [{ "if-match": 'W/"x", "y"' }, 412],
      [{ "if-match": "W/ETAG" }, 412],
      [{ "if-match": "ETAG" }, 200],
      [{ "if-match": '"x", ETAG' }, 200],
      [{ "if-match": "*" }, 200],
      [{ "if-none-match": "ETAG" }, 304],
      [{ "if-none-match": "*" }, 304],
      [{ "if-none-match": '"x", ETAG' }, 304],
      [{ "if-none-match": "W/ETAG" }, 304],
      [{ "if-none-match": '"x"' }, 200],
      [{ "if-none-match": '"x"', "if-modified-since": future }, 200],
      [{ "if-modified-since": future }, 304],
      [{ "if-modified-since": past }, 200],
      [{ "if-modified-since": "the day after tomorrow" }, 200],
      [{ "if-unmodified-since": past }, 412],
      [{ "if-unmodified-since": future }, 200],
      [{ "if-unmodified-since": "yesterday" }, 200],
      [{ "if-match": "ETAG", "if-unmodified-since": past }, 200],
      [{ "if-match": '"x"', "if-none-match": "ETAG" }, 412],
    ] satisfies [Record<string, string>, number][])("%j: %i, to GET and HEAD alike", async (headers, status) => {
      for (const method of ["GET", "HEAD"]) {
        const { response, text } = await ask(method, headers);
        expect([method, response.status, response.headers.get("etag")]).toEqual([method, status, etag]);
        if (method === "HEAD" || status === 304) expect(text).toBe("");
        else if (status === 200) expect(text).toBe(content);
        else expect(JSON.parse(text)).toEqual({ detail: "The object is not the one that the request names" });
      }
    });

    test("what the object was last modified at is a condition that holds, to the second", async () => {
      const modified = (await ask("HEAD", {})).response.headers.get("last-modified") ?? "";
      expect((await ask("GET", { "if-modified-since": modified })).response.status).toBe(304);
      expect((await ask("GET", { "if-unmodified-since": modified })).response.status).toBe(200);
      expect((await ask("GET", { range: "bytes=0-1", "if-range": modified })).response.status).toBe(206);
    });

    test.each([
      [{ range: "bytes=2-4", "if-range": "ETAG" }, 206, "234", "bytes 2-4/10"],
      [{ range: "bytes=2-4", "if-range": '"another"' }, 200, content, null],
      [{ range: "bytes=2-4", "if-range": "W/ETAG" }, 200, content, null],
      [{ range: "bytes=2-4", "if-range": past }, 200, content, null],
      [{ range: "bytes=20-", "if-range": '"another"' }, 200, content, null],
      [{ range: "bytes=2-4", "if-match": "ETAG" }, 206, "234", "bytes 2-4/10"],
      [{ range: "bytes=-3" }, 206, "789", "bytes 7-9/10"],
      [{ range: "bytes=-10" }, 206, content, "bytes 0-9/10"],
      [{ range: "bytes=-11" }, 206, content, "bytes 0-9/10"],
    ] satisfies [Record<string, string>, number, string, string | null][])(
      "a part is given of the version that is meant alone: %j",
      async (headers, status, wanted, contentRange) => {
        const { response, text } = await ask("GET", headers);
        const { headers: told } = response;
        expect([response.status, text, told.get("content-range"), told.get("etag")]).toEqual([
          status,
          wanted,
          contentRange,
          etag,
        ]);
      },
    );

    test.each(["bytes=10-", "bytes=-0", "bytes=99-100"])("%s is a 416 that tells the size", async (range) => {
      const { response, text } = await ask("GET", { range, "if-range": "ETAG" });
      expect([response.status, response.headers.get("content-range")]).toEqual([416, "bytes */10"]);
      expect(JSON.parse(text)).toEqual({ detail: "The range lies outside the object" });
    });

    test.each([
      [{ range: "bytes=20-", "if-match": '"x"' }, 412],
      [{ range: "bytes=20-", "if-none-match": "ETAG" }, 304],
    ] satisfies [Record<string, string>, number][])("conditions come before ranges: %j", async (headers, status) => {
      expect((await ask("GET", headers)).response.status).toBe(status);
    });
  });
}
