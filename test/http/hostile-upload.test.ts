import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { connectRaw } from "../support/raw-http.ts";
import { backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";

/** A body as bytes on the wire, so that nothing is cleaned up on the way. */
function rawForm(parts: readonly string[], end = "\r\n--cut--\r\n"): string {
  return `--cut\r\n${parts.join("\r\n--cut\r\n")}${end}`;
}
const type = { "content-type": "multipart/form-data; boundary=cut" };
const filePart = (name: string, content = "data") =>
  `Content-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n${content}`;
const textPart = (name: string, value: string) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`;

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`bad uploads on ${backend} storage`, () => {
    let service: TestService;

    beforeAll(async () => {
      service = await startTestService({ backend, env: { SERVER__MAX_UPLOAD_BYTES: "3000000" }, stallMs: 500 });
    });
    afterAll(() => service.stop());

    const put = (body: string | FormData, headers: Record<string, string> = type) =>
      service.fetch("1", "/local", { method: "PUT", body, headers });

    async function refused(
      body: string | FormData,
      status: number,
      headers?: Record<string, string>,
    ): Promise<unknown> {
      const before = await countObjects(service);
      const response = await put(body, headers);
      const { detail } = (await response.json()) as { detail: unknown };
      expect([response.status, detail]).toEqual([status, expect.anything()]);
      expect(await countObjects(service)).toBe(before);
      return detail;
    }

    const missing = [{ type: "missing", loc: ["body", "file"], msg: "Field required", input: null }];

    test.each([
      ["no file part", rawForm([textPart("tag", "a")])],
      ["a file part without a file name", rawForm([textPart("file", "content")])],
      [
        "a binary file part without a file name",
        rawForm([
          `${textPart("file", "").replace("\r\n\r\n", "\r\nContent-Type: application/octet-stream\r\n\r\n")}content`,
        ]),
      ],
      ["an empty file name", rawForm([filePart("")])],
      ["an empty form", "--cut--\r\n"],
    ])("%s is 422, field required", async (_, body) => {
      expect(await refused(body, 422)).toEqual(missing);
    });

    test.each([
      ["JSON", { "content-type": "application/json" }],
      ["a form that is not multipart", { "content-type": "application/x-www-form-urlencoded" }],
      ["no content type", { "content-type": "" }],
    ])("%s is 422, field required", async (_, headers) => {
      expect(await refused("file=1", 422, headers)).toEqual(missing);
    });

    test.each([
      ["without a boundary", "multipart/form-data"],
      ["with an empty boundary", "multipart/form-data; boundary="],
      ["with a boundary of 71 characters", `multipart/form-data; boundary=${"b".repeat(71)}`],
    ])("a form %s is 400", async (_, type) => {
      expect(await refused("--b--", 400, { "content-type": type })).toBe("Missing boundary in multipart.");
    });

    test.each(["gzip", "GZIP", "br", "identity, deflate"])("a form in the coding %s is 415", async (coding) => {
      await refused(rawForm([filePart("x")]), 415, { "content-encoding": coding });
    });

    test("a truncated form stores nothing", async () => {
      const body = rawForm([filePart("x.txt", "half of it")], "");
      const detail = (await refused(body, 422)) as { type: string; loc: string[] }[];
      expect(detail[0]).toMatchObject({ type: "multipart_invalid", loc: ["body"] });
      await refused(rawForm([filePart("x.txt", "y".repeat(2_000_000))], ""), 422);
    });

    test("a second file is refused, and the first is taken back", async () => {
      await refused(rawForm([filePart("a.txt"), filePart("b.txt")]), 422);
    });

    test("ten thousand parts are refused without harm", async () => {
      const parts = Array.from({ length: 10_000 }, (_, index) => textPart(`p${index}`, "v"));
      await refused(rawForm([...parts, filePart("x.txt")]), 422);
      await refused(rawForm([filePart("x.txt"), ...parts]), 422);
    });

    test("a form that is large besides its file is refused", async () => {
      await refused(rawForm([textPart("tag", "x".repeat(2_500_000)), filePart("x.txt")]), 413);
    });

    test("a part header of a megabyte is refused", async () => {
      await refused(rawForm([`X-Long: ${"h".repeat(1_000_000)}\r\n${filePart("x.txt")}`]), 422);
    });

    test("a file over the limit is 413, one at the limit is stored", async () => {
      await refused(formOf(["file", new File(["x".repeat(3_000_001)], "big")]), 413, {});
      await refused(formOf(["file", new File(["x".repeat(5_000_000)], "bigger")]), 413, {});
      const stored = await put(formOf(["file", new File(["x".repeat(3_000_000)], "fits")]), {});
      expect(stored.status).toBe(200);
    });

    test.each([
      ["33 characters", "a".repeat(33)],
      ["upper case", "Model"],
      ["a newline at the end", "model\n"],
      ["a hyphen at the end", "model-"],
      ["a hyphen at the start", "-model"],
      ["an underscore", "my_model"],
      ["a NUL", "mo\u0000del"],
      ["64 KiB and more", "a".repeat(70_000)],
      ["a letter outside ASCII", "modéle"],
    ])("a tag with %s is refused, before or after the file", async (_, tag) => {
      for (const parts of [
        [textPart("tag", tag), filePart("x.txt")],
        [filePart("x.txt"), textPart("tag", tag)],
      ]) {
        expect(await refused(rawForm(parts), 400)).toStartWith("Invalid tag `");
      }
    });

    test.each(["a", "ab", "0", "a-b", "a--b", "a".repeat(32)])("the tag %s is taken", async (tag) => {
      const response = await put(rawForm([filePart("x.txt"), textPart("tag", tag)]));
      expect(response.status).toBe(200);
    });

    test("an empty tag means none", async () => {
      const before = (await (await service.fetch("1", "/local/tags")).json()) as { tags: unknown[] };
      expect((await put(rawForm([textPart("tag", ""), filePart("x.txt")]))).status).toBe(200);
      expect(await (await service.fetch("1", "/local/tags")).json()).toEqual(before);
    });

    test.each([
      ["../../etc/passwd", "passwd"],
      ["..\\\\..\\\\windows\\\\system.ini", "system.ini"],
      ["ünïcödé 数据.csv", "ünïcödé 数据.csv"],
      ["../", "data.bin"],
      ["...", "data.bin"],
      ["\u0007", "data.bin"],
      ["a\u0000b.txt", "ab.txt"],
      [`${"n".repeat(300)}.parquet`, `${"n".repeat(247)}.parquet`],
      ["<script>.html", "<script>.html"],
    ])("the file name %j is kept as %j", async (sent, kept) => {
      const tag = `n${Bun.hash(sent).toString(36).slice(0, 12)}`;
      const response = await put(rawForm([textPart("tag", tag), filePart(sent)]));
      expect(response.status).toBe(200);
      const { object_id } = (await response.json()) as { object_id: string };
      const listed = (await (await service.fetch("1", `/local/tags/${tag}`)).json()) as {
        results: { filename: string }[];
      };
      expect(listed.results.map(({ filename }) => filename)).toEqual([kept]);
      const read = await service.fetch("1", `/local/${object_id}`);
      expect([read.status, await read.text()]).toEqual([200, "data"]);
      expect(read.headers.get("content-disposition")).toStartWith("attachment; ");
    });

    test.each([
      ["a%00b.txt", "ab.txt"],
      ["%07%0d%0a", "data.bin"],
      ["x%0d%0aSet-Cookie%3a%20a%3db.txt", "xSet-Cookie: a=b.txt"],
    ])("control characters in the encoded file name %s are dropped", async (encoded, kept) => {
      const tag = `c${Bun.hash(encoded).toString(36).slice(0, 12)}`;
      const part = `Content-Disposition: form-data; name="file"; filename*=UTF-8''${encoded}\r\n\r\ndata`;
      expect((await put(rawForm([textPart("tag", tag), part]))).status).toBe(200);
      const listed = (await (await service.fetch("1", `/local/tags/${tag}`)).json()) as {
        results: { filename: string }[];
      };
      expect(listed.results.map(({ filename }) => filename)).toEqual([kept]);
    });

    test("a file name cannot smuggle in a header", async () => {
      const evil = `Content-Disposition: form-data; name="file"; filename*=UTF-8''x%0d%0aSet-Cookie%3a%20a%3db.txt`;
      const response = await put(rawForm([`${evil}\r\nContent-Type: text/html\r\n\r\n<script>`]));
      expect(response.status).toBe(200);
      const { object_id } = (await response.json()) as { object_id: string };
      const read = await service.fetch("1", `/local/${object_id}`);
      expect(read.status).toBe(200);
      expect(read.headers.get("set-cookie")).toBeNull();
      expect(read.headers.get("content-disposition")).toStartWith("attachment; ");
    });

    test("a content type that is no header value does not come back", async () => {
      const part = filePart("x.txt").replace("text/plain", "text/html\u0001;\u00ffx");
      const response = await put(rawForm([part]));
      expect(response.status).toBe(200);
      const { object_id } = (await response.json()) as { object_id: string };
      expect((await service.fetch("1", `/local/${object_id}`)).headers.get("content-type")).toBe(
        "application/octet-stream",
      );
    });

    test.each([
      ["is cut off behind its form", 50, ""],
      ["is followed by what is no request", 0, "XYZ\r\n\r\n"],
    ])("an upload that %s is not taken for a whole one", async (_, missing, surplus) => {
      const countHandled = () => service.logLines.filter(({ event }) => event === "http.request").length;
      const [before, handled] = [await countObjects(service), countHandled()];
      const body = rawForm([filePart("x.bin", "whole")]);
      const client = await connectRaw(service.url);
      client.socket.end(
        `PUT /local HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\n` +
          `Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: ${body.length + missing}\r\n\r\n${body}${surplus}`,
      );
      expect(await client.until(/\}$/)).not.toContain("HTTP/1.1 200");
      await eventually(() => expect(countHandled()).toBe(handled + 1), 15_000);
      expect(await countObjects(service)).toBe(before);
    });

    test("a client that goes away at half leaves nothing", async () => {
      const before = await countObjects(service);
      const client = await connectRaw(service.url);
      await client.send(
        `PUT /local HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\n` +
          `Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: 2000000\r\n\r\n`,
      );
      await client.send(`--cut\r\n${filePart("x.bin", "y".repeat(1_000_000))}`);
      await Bun.sleep(100);
      client.close();
      await Bun.sleep(300);
      expect(await countObjects(service)).toBe(before);
    });

    test("a client that falls silent is told so, and leaves nothing", async () => {
      const before = await countObjects(service);
      const client = await connectRaw(service.url);
      await client.send(
        `PUT /local HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\n` +
          `Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: 2000000\r\n\r\n--cut\r\n${filePart("x.bin")}`,
      );
      expect(await client.until(/\r\n\r\n\{.*\}/)).toStartWith("HTTP/1.1 408 ");
      client.close();
      expect(await countObjects(service)).toBe(before);
    });

    test("a large upload without a token is refused early", async () => {
      const client = await connectRaw(service.url);
      await client.send(
        "PUT /local HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=cut\r\nContent-Length: 1073741824\r\n\r\n--cut\r\n",
      );
      expect(await client.until(/\r\n\r\n/)).toStartWith("HTTP/1.1 401 ");
      client.close();
    });
  });
}
