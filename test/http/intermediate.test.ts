import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPair } from "../../src/crypto/keys.ts";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import { contentOf, pathOf, type Sent, send } from "../support/intermediates.ts";
import { formOf, startTestService, type TestService } from "../support/service.ts";

const generations: HubGeneration[] = ["2025", "2026-snake", "2026"];
const framings = ["segmented", "single"];
const mebibyte = 1024 * 1024;

describe.each(generations)("two nodes and a Hub of generation %s", (generation) => {
  describe.each(framings)("with %s framing", (framing) => {
    let a: TestService;
    let b: TestService;

    beforeAll(async () => {
      const env = { CRYPTO__FRAMING: framing, CHUNK_SIZE: "65536" };
      a = await startTestService({ generation, env });
      b = await startTestService({ besides: a, env });
    });
    afterAll(async () => {
      await b.stop();
      await a.stop();
    });

    test.each([0, 1, 65_507, 65_508, 65_509, 3 * mebibyte])(
      "%i bytes arrive as they were sent, and the Hub cannot read them",
      async (bytes) => {
        const content = contentOf(bytes);
        const { url, object_id } = await send(a, content, b.nodeId);
        expect(url).toBe(`${a.url}/intermediate/${object_id}?remote_node_id=${a.nodeId}`);
        const read = await b.fetch("1", pathOf(url));
        expect(read.status).toBe(200);
        expect(Buffer.from(await read.bytes()).equals(Buffer.from(content))).toBe(true);
        if (bytes >= 16)
          expect(Buffer.from(await a.hub.readFile(object_id)).includes(Buffer.from(content.subarray(0, 16)))).toBe(
            false,
          );
      },
    );

    test("the answer is the same whichever way the node is spelt and wherever the file part stands", async () => {
      const content = contentOf(100_000);
      const file = new File([content], "late.bin");
      const spelt = b.nodeId.toUpperCase();
      const body = formOf(["file", file], ["remote_node_id", spelt]);
      const sent = await a.fetch("1", "/intermediate", { method: "PUT", body });
      const { object_id } = (await sent.json()) as Sent;
      for (const query of [
        `remote_node_id=${a.nodeId}`,
        `node_id=${a.nodeId}`,
        `remote_node_id=${a.nodeId}&node_id=${b.nodeId}`,
        `remote_node_id=${a.nodeId}?node_id=${b.nodeId}`,
        `remote_node_id=None&node_id=${a.nodeId.replaceAll("-", "")}`,
      ]) {
        const read = await b.fetch("1", `/intermediate/${object_id}?${query}`);
        expect([query, read.status]).toEqual([query, 200]);
        expect(Buffer.from(await read.bytes()).equals(Buffer.from(content))).toBe(true);
      }
    });

    test("without a node the file travels as it is", async () => {
      const { url, object_id } = await send(a, "open to all");
      expect(url).toBe(`${a.url}/intermediate/${object_id}`);
      for (const query of ["", "?remote_node_id=", "?remote_node_id=None"]) {
        expect(await (await b.fetch("1", `/intermediate/${object_id}${query}`)).text()).toBe("open to all");
      }
    });

    test("a stored object is sent without passing through the client", async () => {
      const content = contentOf(200_000);
      const body = formOf(["file", new File([content], "stored.bin")]);
      const stored = (await (await a.fetch("1", "/local", { method: "PUT", body })).json()) as Sent;
      const query = `object_id=${stored.object_id}&remote_node_id=${b.nodeId}`;
      const sent = (await (await a.fetch("1", `/local/upload?${query}`, { method: "PUT" })).json()) as Sent;
      const read = await b.fetch("1", pathOf(sent.url));
      expect(read.headers.get("content-disposition")).toBe('attachment; filename="stored.bin"');
      expect(Buffer.from(await read.bytes()).equals(Buffer.from(content))).toBe(true);
    });

    test("damage to the first segment is a 400 and not a byte of plaintext; damage further on cuts the connection", async () => {
      const content = contentOf(300_000);
      const { object_id } = await send(a, content, b.nodeId);
      const sealed = a.hub.state.files.get(object_id)?.content;
      if (!(sealed instanceof Uint8Array)) throw new Error("the stand-in does not keep the file in memory");
      const flip = (at: number) => {
        sealed[at] = (sealed[at] ?? 0) ^ 1;
      };
      const path = `/intermediate/${object_id}?remote_node_id=${a.nodeId}`;
      flip(100);
      const early = await b.fetch("1", path);
      expect([early.status, await early.json()]).toEqual([
        400,
        { detail: `Failed to decrypt file with ID ${object_id} which was encrypted by node ${a.nodeId}.` },
      ]);

      flip(100);
      flip(250_000);
      const late = await b.fetch("1", path);
      if (framing === "single") {
        expect(late.status).toBe(400);
      } else {
        expect(late.status).toBe(200);
        const reader = late.body?.getReader();
        const received: Uint8Array[] = [];
        const rest = (async () => {
          for (;;) {
            const read = await reader?.read();
            if (read === undefined || read.done) return "closed";
            received.push(read.value);
          }
        })();
        await expect(rest).rejects.toThrow();
        const prefix = Buffer.concat(received);
        expect(prefix.equals(Buffer.from(content.subarray(0, prefix.byteLength)))).toBe(true);
        expect(prefix.byteLength).toBeLessThan(250_000);
      }
      flip(250_000);
      expect((await b.fetch("1", path)).status).toBe(200);
    });

    test("a file from another node than named cannot be read, and none is sent to oneself", async () => {
      const { object_id } = await send(a, contentOf(1000), b.nodeId);
      for (const reader of [a, b]) {
        const itself = await reader.fetch("1", `/intermediate/${object_id}?remote_node_id=${reader.nodeId}`);
        expect(itself.status).toBe(400);
      }
      expect((await b.fetch("1", `/intermediate/${object_id}?remote_node_id=${a.nodeId}`)).status).toBe(200);
      const body = formOf(["remote_node_id", a.nodeId], ["file", new File(["x"], "x")]);
      expect((await a.fetch("1", "/intermediate", { method: "PUT", body })).status).toBe(400);
    });

    test("a file for another node cannot be read", async () => {
      const other = crypto.randomUUID();
      const seed = a.world.seed.nodes[1];
      if (seed === undefined) throw new Error("the seed is too small");
      a.hub.addNode({ ...seed, id: other, name: "other", clientId: crypto.randomUUID(), robotId: crypto.randomUUID() });
      a.hub.setNodeKey(other, generateKeyPair("P-384").publicKey.hex);
      const { object_id } = await send(a, contentOf(1000), other);
      expect((await b.fetch("1", `/intermediate/${object_id}?remote_node_id=${a.nodeId}`)).status).toBe(400);
    });

    test("in steady state a file costs one request to the Hub, or two where it wants the explicit link, and two to read", async () => {
      const { url } = await send(a, "warm", b.nodeId);
      await b.fetch("1", pathOf(url));
      let before = a.hub.requests.length;
      const sent = await send(a, "counted", b.nodeId);
      expect(a.hub.requests.length - before).toBe(generation === "2025" ? 2 : 1);
      before = a.hub.requests.length;
      expect(await (await b.fetch("1", pathOf(sent.url))).text()).toBe("counted");
      expect(a.hub.requests.length - before).toBe(2);
      expect(a.hub.state.brokenUploads).toBe(0);
    });
  });
});
