import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { backends, isAvailable } from "../support/service.ts";
import { checkHeaders, hostileNames } from "./attack/hostile-names.ts";
import { type RawAnswer, startTarget, type Target } from "./attack/target.ts";

const cut = "XXcutXX";
const formType = `multipart/form-data; boundary=${cut}`;
const escaped = (name: string) => name.replace(/["\\]/g, "\\$&");

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`names on ${backend} storage`, () => {
    let target: Target;
    beforeAll(async () => {
      target = await startTarget({ backend, env: { LOG__LEVEL: "debug" } });
    }, 60_000);
    afterAll(async () => {
      await target?.stop();
    }, 30_000);

    const bearer = async () => `Authorization: Bearer ${await target.world.token("1")}\r\n`;
    async function ask(method: string, path: string, headers = ""): Promise<RawAnswer> {
      return target.raw(
        `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${await bearer()}${headers}\r\n`,
      );
    }
    /** Sends a file whose part header is as it stands; gives the answer's JSON. */
    async function upload(path: string, partHeader: string, fields = "") {
      const body = `${fields}--${cut}\r\n${partHeader}\r\n\r\n<script>x</script>\r\n--${cut}--\r\n`;
      const response = await target.fetch("1", path, {
        method: "PUT",
        body: Buffer.from(body, "utf8"),
        headers: { "content-type": formType },
      });
      const text = await response.text();
      const { object_id = "" }: { object_id?: string } = text === "" ? {} : JSON.parse(text);
      return { status: response.status, id: object_id, text };
    }
    const field = (name: string, value: string) =>
      `--${cut}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const spellings = (name: string) => [
      `Content-Disposition: form-data; name="file"; filename="${escaped(name)}"`,
      `Content-Disposition: form-data; name="file"; filename="y"; filename*=UTF-8''${encodeURIComponent(name)}`,
    ];

    test("a file name comes back as a name, in one header, whatever is in it", async () => {
      for (const [index, name] of hostileNames.entries()) {
        for (const [way, partHeader] of spellings(name).entries()) {
          const tag = `n-${index}-${way}`;
          const { status, id } = await upload("/local", partHeader, field("tag", tag));
          expect([name, status]).toEqual([name, 200]);
          const { decoded } = checkHeaders(name, await ask("GET", `/local/${id}`));
          checkHeaders(name, await ask("HEAD", `/local/${id}`));
          const { results }: { results: { filename: string }[] } = JSON.parse(
            await (await target.fetch("1", `/local/tags/${tag}`)).text(),
          );
          expect(results.map(({ filename }) => filename)).toEqual([decoded]);
        }
      }
    }, 30_000);

    test("the same name given to a tag, or sent to the Hub and read again, is no more dangerous", async () => {
      const { id } = await upload("/local", spellings("plain.txt")[0] ?? "");
      for (const [index, name] of hostileNames.entries()) {
        const other = await upload("/local", spellings("plain.txt")[0] ?? "");
        const query = `tag_name=given-${index}&object_id=${other.id}&filename=${encodeURIComponent(name)}`;
        const tagged = await target.fetch("1", `/local/tags?${query}`, { method: "POST" });
        const { filename }: { filename: string } = JSON.parse(await tagged.text());
        expect([name, tagged.status, /[/\\]|\p{Cc}/u.test(filename)]).toEqual([name, 200, false]);

        const sent = await upload("/intermediate", spellings(name)[1] ?? "");
        expect([name, sent.status]).toEqual([name, 200]);
        checkHeaders(name, await ask("GET", `/intermediate/${sent.id}`));
      }
      expect((await ask("GET", `/local/${id}`)).status).toBe(200);
      const { hub, analyses } = target.world;
      const files = hub.filesOf(hub.bucketOf(analyses[0], "TEMP").bucketId ?? "");
      expect(files.length).toBeGreaterThanOrEqual(hostileNames.length);
      expect(files.filter(({ path }) => !/^[0-9a-f-]{36}\/[^/\\\p{Cc}]+$/u.test(path)).map(({ path }) => path)).toEqual(
        [],
      );
    }, 30_000);

    test("a final's name reaches the Hub without a path or a control character in it", async () => {
      let accepted = 0;
      for (const name of hostileNames) {
        const { status } = await upload("/final", spellings(name)[1] ?? "");
        // Several of them come down to the same name.
        expect([name, [202, 204, 409].includes(status)]).toEqual([name, true]);
        if (status !== 409) accepted += 1;
      }
      expect(accepted).toBeGreaterThan(hostileNames.length - 12);
      const { hub, analyses } = target.world;
      const files = () => hub.filesOf(hub.bucketOf(analyses[0], "RESULT").bucketId ?? "");
      await eventually(() => expect(files()).toHaveLength(accepted), 30_000);
      expect(files().filter(({ path }) => /[/\\]|\p{Cc}/u.test(path) || /^\.*$/.test(path))).toEqual([]);
    }, 60_000);

    test("no name becomes a part of a path: the store holds ids alone", () => {
      const key = /^(?:local\/[0-9a-f-]{36}|submissions)\/[0-9a-f-]{36}$/;
      if (target.world.dataDir !== undefined) {
        const entries = readdirSync(join(target.world.dataDir, "objects"), { recursive: true, withFileTypes: true });
        const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
        const keys = files.map((file) => file.slice(join(target.world.dataDir ?? "", "objects/").length));
        expect(keys.length).toBeGreaterThan(hostileNames.length);
        expect(keys.filter((name) => !key.test(name.replace(/\.object$/, "")))).toEqual([]);
        return;
      }
      const prefix = `/${target.world.bucket?.bucket}/`;
      const paths = (target.storeTap?.requests ?? []).map((line) => line.split(" ")[1] ?? "");
      const keys = paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
      expect(keys.length).toBeGreaterThan(hostileNames.length);
      // At its start the service proves its rights with a probe of its own.
      expect(keys.filter((name) => !key.test(name) && !name.startsWith("start-probe-"))).toEqual([]);
      // The rest is about the bucket: lists, by prefixes of ours.
      const others = paths.filter((path) => !path.startsWith(`${prefix}`));
      expect(others.filter((path) => !/^[^?]+\?(?:(?:list-type=2|uploads=)&|versioning=$)/.test(path))).toEqual([]);
    });

    test.each([
      ["text/html", "text/html"],
      ["text/html; charset=utf-7", "text/html; charset=utf-7"],
      ["image/svg+xml", "image/svg+xml"],
      ["text/html\u0001", "application/octet-stream"],
      ["text/html;\u00ffx", "application/octet-stream"],
      ["text/html, text/plain", "application/octet-stream"],
      ["text/html\tX-Evil: 1", "application/octet-stream"],
      ["text", "application/octet-stream"],
      ["/", "application/octet-stream"],
      ["", "application/octet-stream"],
      ["*/*", "application/octet-stream"],
      [`text/${"x".repeat(300)}`, "application/octet-stream"],
      ["multipart/x-mixed-replace; boundary=x", "multipart/x-mixed-replace; boundary=x"],
      ["message/rfc822", "message/rfc822"],
    ])("the content type %j comes back as %j, once", async (type, returned) => {
      const { id, status } = await upload("/local", `${spellings("x")[0]}\r\nContent-Type: ${type}`);
      expect(status).toBe(200);
      const answered = checkHeaders(type, await ask("GET", `/local/${id}`));
      expect(answered.type.replaceAll(" ", "")).toBe(returned.replaceAll(" ", ""));
    });

    test("lines folded or added in a part's header become no header of an answer", async () => {
      for (const extra of [
        "\r\n X-Evil: 1",
        "\r\nX-Evil: 1",
        "\nX-Evil: 1",
        "\rX-Evil: 1",
        '; filename="b"\r\nX-Evil: 1',
        '\r\nContent-Disposition: form-data; name="file"; filename="b\nX-Evil: 1"',
        "\r\nContent-Type: text/html\nX-Evil: 1",
        "\r\nContent-Type: text/html\r X-Evil: 1",
        "\r\nContent-Type: text/html\r\nContent-Type: text/plain\nX-Evil: 1",
        "\r\nContent-Encoding: gzip\r\nSet-Cookie: a=b\r\nLocation: http://127.0.0.2/",
      ]) {
        const { id, status } = await upload("/local", `${spellings("x")[0]}${extra}`);
        expect([extra, [200, 422].includes(status)]).toEqual([extra, true]);
        if (status === 200) checkHeaders(extra, await ask("GET", `/local/${id}`));
      }
    });

    test("a request id that is not sane is replaced by one that is, and no other header is echoed", async () => {
      const uuid = /^[0-9a-f-]{36}$/;
      for (const [header, expected] of [
        ["X-Request-Id: abc-123", /^abc-123$/],
        ["X-Request-Id: a%0d%0aX-Evil:%201", uuid],
        ["X-Request-Id: a\r\nX-Evil: 1", /^a$/],
        ["X-Request-Id: a\r\n X-Evil: 1", uuid],
        ["X-Request-Id: a\tb", uuid],
        ["X-Request-Id: a\u00e9", uuid],
        ["X-Request-Id: a b", uuid],
        ['X-Request-Id: {"level":"error"}', uuid],
        ["X-Request-Id: <script>", uuid],
        [`X-Request-Id: ${"a".repeat(129)}`, uuid],
        [`X-Request-Id: ${"a".repeat(8_000)}`, uuid],
        ["X-Request-Id: a\r\nX-Request-Id: b", uuid],
        ["X-Request-Id: ", uuid],
        ["X-Request-Id: a\u0000b", uuid],
        ["X-Request-Id: a\u007fb", uuid],
        ["X-Request-Id: a\rb", uuid],
        ["X-Request-Id: a\nX-Evil: 1", uuid],
      ] as const) {
        const { status, headers } = await ask("GET", "/local/tags", `${header}\r\n`);
        // Bytes that may stand in no header at all are refused before the service sees them.
        if (status === 400 && /[\0\x7f\r\n]/.test(header)) continue;
        const ids = headers.filter(([name]) => name === "x-request-id").map(([, value]) => value);
        expect([header, status, ids]).toEqual([header, 200, [expect.stringMatching(expected)]]);
        expect(headers.map(([name]) => name)).not.toContain("x-evil");
      }
    });

    test("a name that clashes is told to the client, and to nobody else", async () => {
      const { id } = await upload("/local", spellings("clash-one.txt")[0] ?? "", field("tag", "clash"));
      const query = `tag_name=clash&object_id=${id}&filename=clash-two.txt`;
      const tagged = await target.fetch("1", `/local/tags?${query}`, { method: "POST" });
      expect([tagged.status, await tagged.text()]).toEqual([
        400,
        expect.stringContaining("`clash-one.txt`, not `clash-two.txt`"),
      ]);
      for (const status of [204, 409]) {
        const final = await upload("/final", spellings("clash-final.txt")[0] ?? "");
        expect(final.status).toBe(status);
        if (status === 409) expect(final.text).toContain("clash-final.txt");
      }
      await eventually(() => expect(target.output()).toContain('"code":"conflict"'));
      expect(target.output()).not.toContain("clash-");
    });

    test("through all of it the log is one JSON line per event, with no file's name or content", () => {
      const lines = target.logLines();
      expect(lines.length).toBeGreaterThan(500);
      for (const line of lines)
        expect(line).toEqual(
          expect.objectContaining({ level: expect.any(String), event: expect.stringMatching(/^[a-z][\w.-]*$/) }),
        );
      expect(target.output()).not.toContain("<script>x");
      for (const name of ["invoice", "authorized_keys", "drop table", "onerror", "calc", "plain.txt"])
        expect(target.output()).not.toContain(name);
      expect(lines.filter(({ status }) => Number(status) >= 500)).toEqual([]);
    });
  });
}

test("the log for people is one line per event, too, and sends a terminal no commands", async () => {
  const target = await startTarget({ backend: "embedded", env: { LOG__FORMAT: "pretty", LOG__LEVEL: "debug" } });
  const evil = "t\n12:00:00 ERROR forged.event \u001b[2J\u009b31m\r\u202e";
  const query = `tag_name=${encodeURIComponent(evil)}&object_id=${crypto.randomUUID()}`;
  expect((await target.fetch("1", `/local/tags?${query}`, { method: "POST" })).status).toBe(400);
  const token = await target.world.identity.token("", { claims: { client_id: evil } });
  const headers = { authorization: `Bearer ${token}` };
  expect(
    (await target.fetch("1", `/local?project_id=${target.world.projects[0]}`, { method: "DELETE", headers })).status,
  ).toBe(403);
  await eventually(() => expect(target.output()).toContain("access.denied"));
  await target.stop();
  const lines = target.output().trimEnd().split("\n");
  expect(lines.filter((line) => !/^\d\d:\d\d:\d\d (DEBUG|INFO|WARN|ERROR) +[a-z]/.test(line))).toEqual([]);
  expect(lines.filter((line) => /(ERROR|WARN)/.test(line.slice(0, 20)))).toEqual([]);
  expect(/[\p{Cc}\u202e]/u.test(lines.join(""))).toBe(false);
}, 60_000);
