import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { connectRaw } from "../support/raw-http.ts";
import { backends, type Client, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { openKeys } from "./idempotency-rows.ts";

const mebibyte = 1024 * 1024;
const running = "A request with this Idempotency-Key is still being processed.";
const reused = "This Idempotency-Key was used for another request.";
const numbers = [
  ["epsilon", "1"],
  ["sensitivity", "1"],
] as const;

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`a request with an Idempotency-Key, on ${backend} storage`, () => {
    let service: TestService;
    beforeAll(async () => {
      service = await startTestService({ backend });
    });
    afterAll(() => service.stop());

    let keys = 0;
    const newKey = () => `key-${keys++}`;
    type Part = readonly [string, string | File];
    const file = (content: string, name = "a.csv"): Part => ["file", new File([content], name)];
    const put = (path: string, key: string, parts: readonly Part[], as: Client = "1") =>
      service.fetch(as, path, { method: "PUT", headers: { "idempotency-key": key }, body: formOf(...parts) });
    const toldOf = async (response: Response) => ({
      status: response.status,
      body: await response.text(),
      replayed: response.headers.get("idempotency-replayed"),
    });
    /** Ids of everything stored, here and at the Hub. */
    async function contents() {
      const view = await openKeys(service);
      const objects = await view.objects();
      await view.close();
      return { objects, hub: [...service.hub.state.files.keys()].sort() };
    }

    test("is answered the same when it comes again, and done once, on every route", async () => {
      const stored = await service.fetch("1", "/local", { method: "PUT", body: formOf(file("x", "stored.bin")) });
      const { object_id } = (await stored.json()) as { object_id: string };
      const to = service.peerNodeId;
      const query = (path: string, method: string) => (key: string) =>
        service.fetch("1", path, { method, headers: { "idempotency-key": key } });
      const requests: Record<string, (key: string) => Promise<Response>> = {
        local: (key) => put("/local", key, [file("local"), ["tag", "once"]]),
        plain: (key) => put("/intermediate", key, [file("plain")]),
        sealed: (key) => put("/intermediate", key, [["remote_node_id", to], file("sealed")]),
        final: (key) => put("/final", key, [file("final", "once.csv")]),
        noisy: (key) => put("/final/localdp", key, [...numbers, file("100", "once.txt")]),
        upload: query(`/local/upload?object_id=${object_id}&remote_node_id=${to}`, "PUT"),
        tag: query(`/local/tags?tag_name=again&object_id=${object_id}`, "POST"),
      };
      for (const [name, send] of Object.entries(requests)) {
        const key = newKey();
        const first = await toldOf(await send(key));
        const after = await contents();
        expect([name, first.status < 300, first.replayed]).toEqual([name, true, null]);
        for (const again of [key, `"${key}"`, key]) {
          expect([name, await toldOf(await send(again))]).toEqual([name, { ...first, replayed: "true" }]);
        }
        expect([name, await contents()]).toEqual([name, after]);
      }
    });

    test("is another one with other fields, another name or other bytes", async () => {
      const key = newKey();
      const parts = [["tag", "t"], file("content")] as const;
      expect((await put("/local", key, parts)).status).toBe(200);
      const before = await contents();
      const others: readonly (readonly Part[])[] = [
        [["tag", "u"], parts[1]],
        [parts[1]],
        [parts[0], file("content", "b.csv")],
        [parts[0], file("Content")],
        [parts[0], file("content and more")],
        [parts[0], file("x".repeat(3 * mebibyte))],
        [parts[0], file("")],
        [parts[0]],
      ];
      for (const other of others) {
        const told = await toldOf(await put("/local", key, other));
        expect(told).toEqual({ status: 422, body: JSON.stringify({ detail: reused }), replayed: null });
      }
      expect((await put("/local", key, [...parts].reverse())).headers.get("idempotency-replayed")).toBe("true");
      expect(await contents()).toEqual(before);
    });

    test("is not told of what was removed with its project", async () => {
      const other = await startTestService({ backend });
      const send = (key: string) =>
        other.fetch("3", "/local", {
          method: "PUT",
          body: formOf(["file", new File(["1"], "r.txt")]),
          headers: { "idempotency-key": key },
        });
      const final = (key: string) =>
        other.fetch("3", "/final", {
          method: "PUT",
          body: formOf(["file", new File(["1"], "f.txt")]),
          headers: { "idempotency-key": key },
        });
      const keys = [newKey(), newKey()] as const;
      expect([(await send(keys[0])).status, (await final(keys[1])).status]).toEqual([200, 204]);
      await other.hub.removeProject(other.projects[1]);
      const removal = `/local?project_id=${other.projects[1]}`;
      expect((await other.fetch("adapter", removal, { method: "DELETE" })).status).toBe(200);
      for (const again of [await send(keys[0]), await final(keys[1])]) {
        const detail = `Analysis with ID ${other.analyses[2]} not found`;
        expect([again.status, await again.json()]).toEqual([404, { detail }]);
      }
      await other.stop();
    });

    test("is unrelated to another analysis', and to the same key on another route", async () => {
      const key = newKey();
      const ids = new Set<string>();
      for (const as of ["1", "2", "3"] as const) {
        const response = await put("/local", key, [file("x")], as);
        expect([response.status, response.headers.has("idempotency-replayed")]).toEqual([200, false]);
        ids.add(((await response.json()) as { object_id: string }).object_id);
      }
      const other = await put("/intermediate", key, [file("y")]);
      expect([other.status, other.headers.has("idempotency-replayed"), ids.size]).toEqual([200, false, 3]);
    });

    test("is refused when its key is malformed or too long", async () => {
      for (const key of [
        "",
        '""',
        '"open',
        '"a" b',
        "a b",
        'a"b',
        "a,b",
        "é",
        "x".repeat(256),
        `"${"x".repeat(256)}"`,
      ]) {
        const response = await put("/local", key, [file("x")]);
        const detail = expect.stringContaining("Idempotency-Key");
        expect([key, response.status, await response.json()]).toEqual([key, 400, { detail }]);
      }
      expect((await put("/local", "x".repeat(255), [file("x")])).status).toBe(200);
    });

    test("fifty times at once stores one object and sends one file", async () => {
      for (const path of ["/local", "/intermediate", "/final"]) {
        const key = newKey();
        const parts = [file("fifty", `${key}.csv`), ["remote_node_id", service.peerNodeId]] as const;
        const before = await contents();
        const answers = await Promise.all(Array.from({ length: 50 }, async () => toldOf(await put(path, key, parts))));
        const kinds = new Set(answers.map(({ status, body, replayed }) => `${status} ${body} ${replayed}`));
        const after = await contents();
        const made =
          path === "/local" ? after.objects.length - before.objects.length : after.hub.length - before.hub.length;
        expect([path, made]).toEqual([path, 1]);
        const done = [...kinds].filter((kind) => kind.startsWith("20"));
        const conflict = `409 ${JSON.stringify({ detail: running })} null`;
        expect([...kinds].filter((kind) => !kind.startsWith("20"))).toEqual(kinds.has(conflict) ? [conflict] : []);
        expect(new Set(done.map((kind) => kind.replace(/ (?:true|null)$/, ""))).size).toBe(1);
        expect((await put(path, key, parts)).headers.get("idempotency-replayed")).toBe("true");
      }
    }, 60_000);

    test("whose client leaves when all is sent is done all the same, and its repeat is told of it", async () => {
      for (const path of ["/local", "/intermediate"]) {
        const key = newKey();
        const before = await contents();
        // The Hub takes its time, so that the client is gone before the end.
        const lift = service.hub.fail({ path: /./ }, { kind: "delay", ms: 300 });
        const disposition = 'Content-Disposition: form-data; name="file"; filename="a.csv"';
        const body = `--b\r\n${disposition}\r\n\r\n${"y".repeat(2 * mebibyte)}\r\n--b--\r\n`;
        const client = await connectRaw(service.url);
        const headers = [
          `PUT ${path} HTTP/1.1`,
          "Host: x",
          `Authorization: Bearer ${await service.token("1")}`,
          `Idempotency-Key: ${key}`,
          "Content-Type: multipart/form-data; boundary=b",
          `Content-Length: ${body.length}`,
        ];
        const asked = service.hub.requests.length;
        await client.send(`${headers.join("\r\n")}\r\n\r\n`);
        await client.send(body);
        if (path === "/intermediate")
          await eventually(() => expect(service.hub.requests.length).toBeGreaterThan(asked));
        client.close();
        await eventually(async () => {
          const again = await put(path, key, [file("y".repeat(2 * mebibyte))]);
          const told = await toldOf(again);
          expect(told).toEqual({ status: 200, body: expect.any(String), replayed: "true" });
          const { object_id } = JSON.parse(told.body) as { object_id: string };
          expect(JSON.stringify(await contents())).toContain(object_id);
        }, 20_000);
        lift();
        const after = await contents();
        const made = [after.objects.length - before.objects.length, after.hub.length - before.hub.length];
        expect([path, made]).toEqual([path, path === "/local" ? [1, 0] : [0, 1]]);
      }
    }, 60_000);

    test("that was broken off in its midst begins anew", async () => {
      const key = newKey();
      const client = await connectRaw(service.url);
      const head = `--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n${"y".repeat(200_000)}`;
      await client.send(
        `PUT /local HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\nIdempotency-Key: ${key}\r\n` +
          `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000\r\n\r\n${head}`,
      );
      const view = await openKeys(service);
      await eventually(async () => expect((await view.rows()).some(({ status }) => status === null)).toBe(true));
      await view.close();
      expect(await toldOf(await put("/local", key, [file("z")]))).toMatchObject({ status: 409, replayed: null });
      client.close();
      await eventually(async () => expect((await put("/local", key, [file("z")])).status).toBe(200));
    });

    test("is answered the client's own mistakes again, and what may pass is tried anew", async () => {
      const key = newKey();
      const wrong = await toldOf(await put("/local", key, [["tag", "No Tag"], file("x")]));
      expect(wrong).toMatchObject({ status: 400, replayed: null });
      expect(await toldOf(await put("/local", key, [["tag", "No Tag"], file("x")]))).toEqual({
        ...wrong,
        replayed: "true",
      });
      const none = newKey();
      const missing = await toldOf(await put("/local", none, [["tag", "t"]]));
      expect(missing.status).toBe(422);
      expect(await toldOf(await put("/local", none, [["tag", "t"]]))).toEqual({ ...missing, replayed: "true" });

      const passing = newKey();
      const lift = service.hub.fail({ path: /\/upload$/ }, { kind: "status", status: 500 });
      expect((await put("/intermediate", passing, [file("x")])).status).toBe(502);
      lift();
      const second = await put("/intermediate", passing, [file("x")]);
      expect([second.status, second.headers.has("idempotency-replayed")]).toEqual([200, false]);
      const cut = newKey();
      const headers = { "idempotency-key": cut, "content-type": "multipart/form-data; boundary=b" };
      const half = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nx';
      expect((await service.fetch("1", "/local", { method: "PUT", headers, body: half })).status).toBe(422);
      expect((await put("/local", cut, [file("x")])).status).toBe(200);
    });

    test("for a noisy number has one noise, and nothing that is kept tells the number", async () => {
      const key = newKey();
      const send = (number: string) => put("/final/localdp", key, [...numbers, file(number, `${key}.txt`)]);
      expect((await send("654321")).status).toBe(204);
      expect(await toldOf(await send("654321"))).toEqual({ status: 204, body: "", replayed: "true" });
      // Another number under the same key gets the first answer: telling them apart would tell the number.
      expect(await toldOf(await send("7"))).toEqual({ status: 204, body: "", replayed: "true" });
      expect([...service.hub.state.files.values()].filter(({ name }) => name === `${key}.txt`).length).toBe(1);
      const other = await put("/final/localdp", key, [numbers[0], ["sensitivity", "2"], file("654321", `${key}.txt`)]);
      expect(other.status).toBe(422);

      const view = await openKeys(service);
      const rows = await view.rows();
      await view.close();
      const kept = rows.find(({ fingerprint }) => fingerprint?.includes(sha256(`${key}.txt`)));
      const { name, fields, ...rest } = JSON.parse(kept?.fingerprint ?? "{}");
      expect([name, rest]).toEqual([sha256(`${key}.txt`), {}]);
      const values = new Set([name, fields]);
      for (let number = 0; number <= 1_000_000; number += 1) {
        if (values.has(sha256(`${number}`))) throw new Error(`the fingerprint tells ${number}`);
      }
    }, 60_000);
  });
}

function sha256(text: string): string {
  return Bun.SHA256.hash(text, "hex");
}
