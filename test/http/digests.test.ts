import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { openKeys } from "./idempotency-rows.ts";

const detail = "The upload does not match its digest.";
const digestOf = (content: string) => `sha-256=:${createHash("sha256").update(content).digest("base64")}:`;
const hex = (content: string) => createHash("sha256").update(content).digest("hex");
type Part = readonly [string, string | File];
const file = (content: string): Part => ["file", new File([content], `${crypto.randomUUID()}.txt`)];
const numbers: readonly Part[] = [
  ["epsilon", "1"],
  ["sensitivity", "1"],
];

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`digests on ${backend} storage`, () => {
    let service: TestService;
    let telling: TestService;
    beforeAll(async () => {
      service = await startTestService({ backend });
      telling = await startTestService({ backend, env: { LOCAL__DIGESTS: "1" } });
    });
    afterAll(async () => {
      await service.stop();
      await telling.stop();
    });

    const put = (path: string, ...parts: readonly Part[]) =>
      service.fetch("1", path, { method: "PUT", body: formOf(...parts) });
    async function contents() {
      const view = await openKeys(service);
      const objects = await view.objects();
      await view.close();
      return { objects, hub: [...service.hub.state.files.keys()].sort() };
    }
    const routes: readonly (readonly [string, readonly Part[]])[] = [
      ["/local", []],
      ["/local", [["tag", "t"]]],
      ["/intermediate", []],
      ["/intermediate", [["remote_node_id", "b0000000-0000-4000-8000-000000000002"]]],
      ["/final", []],
      ["/final/localdp", numbers],
    ];

    test("a form's right digest is taken, before and behind the file, and a wrong one leaves nothing", async () => {
      const to: Part = ["remote_node_id", service.peerNodeId];
      for (const [path, fields] of routes) {
        const others = fields[0]?.[0] === "remote_node_id" ? [to] : fields;
        const before = await contents();
        for (const wrong of [
          digestOf("7"),
          "sha-256=:AAAA:",
          "sha-512=:AAAA:",
          "nonsense",
          digestOf("7").slice(0, -1),
        ]) {
          for (const parts of [
            [["digest", wrong], ...others, file("5")],
            [...others, file("5"), ["digest", wrong]],
          ] as const) {
            const response = await put(path, ...(parts as readonly Part[]));
            const told = (await response.json()) as { detail: string };
            expect([path, wrong, response.status]).toEqual([path, wrong, 400]);
            if (wrong === digestOf("7")) expect(told.detail).toBe(detail);
          }
        }
        expect([path, await contents()]).toEqual([path, before]);
        expect((await put(path, ["digest", digestOf("5")], ...others, file("5"))).status).toBeLessThan(300);
        expect((await put(path, ...others, file("5"), ["digest", digestOf("5")])).status).toBeLessThan(300);
      }
    });

    test("of a large file must come before it", async () => {
      const large = "x".repeat(17 * 1024 * 1024);
      expect((await put("/local", ["digest", digestOf(large)], file(large))).status).toBe(200);
      expect((await put("/local", ["digest", digestOf("x")], file(large))).status).toBe(400);
      expect((await put("/local", file(large), ["digest", digestOf(large)])).status).toBe(400);
    });

    test("Content-Digest is about the whole body", async () => {
      const body = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n';
      const send = (digest: string) => {
        const headers = { "content-type": "multipart/form-data; boundary=b", "content-digest": digest };
        return service.fetch("1", "/local", { method: "PUT", headers, body });
      };
      const before = await contents();
      for (const wrong of [digestOf("x"), "sha-256=:AAAA:", '"']) expect((await send(wrong)).status).toBe(400);
      expect(await contents()).toEqual(before);
      expect((await send(digestOf(body))).status).toBe(200);
      // Algorithms that nobody knows here are not judged.
      expect((await send("unixsum=:AAAA:")).status).toBe(200);
    });

    test("a damaged upload may be sent again under its key", async () => {
      const headers = { "idempotency-key": crypto.randomUUID() };
      const send = (content: string) => {
        const body = formOf(["digest", digestOf("whole")], ["file", new File([content], "a.txt")]);
        return service.fetch("1", "/local", { method: "PUT", headers, body });
      };
      expect((await send("whale")).status).toBe(400);
      const second = await send("whole");
      expect([second.status, second.headers.has("idempotency-replayed")]).toEqual([200, false]);
    });

    test("LOCAL__DIGESTS tells them in answers and on reading, but never a secret number's", async () => {
      const send = (path: string, ...parts: readonly Part[]) =>
        telling.fetch("1", path, { method: "PUT", body: formOf(...parts) });
      type Told = { sha256?: string; object_id: string };
      const local = (await (await send("/local", ["tag", "t"], file("content"))).json()) as Told;
      expect(local.sha256).toBe(hex("content"));
      for (const init of [{}, { method: "HEAD" }, { headers: { range: "bytes=0-1" } }]) {
        const read = await telling.fetch("1", `/local/${local.object_id}`, init);
        expect(read.headers.get("repr-digest")).toBe(digestOf("content"));
        await read.body?.cancel();
      }
      for (const others of [[], [["remote_node_id", telling.peerNodeId] as const]]) {
        expect(await (await send("/intermediate", ...others, file("sent"))).json()).toMatchObject({
          sha256: hex("sent"),
        });
      }
      const query = `object_id=${local.object_id}&remote_node_id=${telling.peerNodeId}`;
      const passedOn = await telling.fetch("1", `/local/upload?${query}`, { method: "PUT" });
      expect(await passedOn.json()).toMatchObject({ sha256: hex("content") });
      const lift = telling.hub.fail({ path: /\/upload$/ }, { kind: "status", status: 503 });
      expect(await (await send("/final", file("final"))).json()).toMatchObject({ sha256: hex("final") });
      expect(await (await send("/final/localdp", ...numbers, file("5"))).json()).not.toHaveProperty("sha256");
      lift();
      const plain = (await (await put("/local", file("content"))).json()) as Told;
      expect(plain).not.toHaveProperty("sha256");
      const read = await service.fetch("1", `/local/${plain.object_id}`);
      expect(read.headers.has("repr-digest")).toBe(false);
      await read.body?.cancel();
    });
  });
}
